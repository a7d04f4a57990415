/** Places, in the form in which `@upstash/redis` takes and gives them. */
import { command, listOf, type AtMostOne, type Command, type Decode } from "./command.js";
import type { Mode, Out } from "./mode.js";
import type { Reply } from "./reply.js";
import { textOf, type Key, type Value } from "./values.js";

/** A member of a geo set with its place, in degrees. */
export interface GeoMember<T = Value> {
  longitude: number;
  latitude: number;
  member: T;
}

/** A unit of length. */
export type GeoUnit = "M" | "KM" | "FT" | "MI" | "m" | "km" | "ft" | "mi";

/** Around what is searched. */
export type GeoCenter =
  | { type: "FROMMEMBER" | "frommember"; member: Value }
  | { type: "FROMLONLAT" | "fromlonlat"; coordinate: { lon: number; lat: number } };

/** How far. */
export type GeoShape =
  | { type: "BYRADIUS" | "byradius"; radius: number; radiusType: GeoUnit }
  | { type: "BYBOX" | "bybox"; rect: { width: number; height: number }; rectType: GeoUnit };

/** What else a search answers, and how much. */
export interface GeoSearchOptions {
  count?: { limit: number; any?: boolean };
  withCoord?: boolean;
  withDist?: boolean;
  withHash?: boolean;
}

/** A member that was found. */
export interface GeoFound<T> {
  member: T;
  dist?: number;
  hash?: string;
  coord?: { long: number; lat: number };
}

type Order = "ASC" | "DESC" | "asc" | "desc";

/** The commands of places whose form is written by hand. */
export interface GeoCommands<M extends Mode> {
  /** Adds members with their places; the number of new ones. */
  geoadd<T = Value>(key: Key, ...members: [GeoMember<T>, ...GeoMember<T>[]]): Out<M, number>;
  /** Adds members with their places, under conditions. */
  geoadd<T = Value>(
    key: Key,
    options: { ch?: boolean } & AtMostOne<{ nx: boolean } | { xx: boolean }>,
    ...members: [GeoMember<T>, ...GeoMember<T>[]]
  ): Out<M, number>;

  /** The geohashes of members; null for one that is missing. */
  geohash(key: Key, ...members: Value[] | [Value[]]): Out<M, (string | null)[]>;

  /** The places of members; null for one that is missing. */
  geopos(key: Key, ...members: Value[] | [Value[]]): Out<M, ({ lng: number; lat: number } | null)[]>;

  /** Members within a shape around a center. */
  geosearch<T = string>(
    key: Key,
    center: GeoCenter,
    shape: GeoShape,
    order: Order,
    options?: GeoSearchOptions,
  ): Out<M, GeoFound<T>[]>;

  /** The same, kept in another key: how many were found. */
  geosearchstore(
    destination: Key,
    key: Key,
    center: GeoCenter,
    shape: GeoShape,
    order: Order,
    options?: { count?: { limit: number; any?: boolean }; storeDist?: boolean },
  ): Out<M, number>;
}

/** The commands as words. */
export const geo = {
  geoadd: (key: Key, first: object, ...others: GeoMember<unknown>[]) =>
    command(["GEOADD", key, ...memberWords(first), ...others.flatMap(memberWords)]),
  geohash: (key: Key, ...members: unknown[]) => command(["GEOHASH", key, ...members.flatMap(listOf)]),
  geopos: (key: Key, ...members: unknown[]) => command(["GEOPOS", key, ...members.flatMap(listOf)], places),
  geosearch: (key: Key, center: GeoCenter, shape: GeoShape, order: string, options: GeoSearchOptions = {}) =>
    command(
      [
        ...["GEOSEARCH", key, ...searchWords(center, shape, order, options.count)],
        ...(options.withCoord ? ["WITHCOORD"] : []),
        ...(options.withDist ? ["WITHDIST"] : []),
        ...(options.withHash ? ["WITHHASH"] : []),
      ],
      found(options),
    ),
  geosearchstore: (
    destination: Key,
    key: Key,
    center: GeoCenter,
    shape: GeoShape,
    order: string,
    options: { count?: { limit: number; any?: boolean }; storeDist?: boolean } = {},
  ) =>
    command([
      ...["GEOSEARCHSTORE", destination, key, ...searchWords(center, shape, order, options.count)],
      ...(options.storeDist ? ["STOREDIST"] : []),
    ]),
} satisfies { [Name in keyof GeoCommands<"encode">]: (...args: never[]) => Command<unknown> };

function memberWords(part: object): unknown[] {
  if ("member" in part && "longitude" in part && "latitude" in part) return [part.longitude, part.latitude, part.member];
  return (["nx", "xx", "ch"] as const).filter((option) => option in part && part[option as never]);
}

function searchWords(center: GeoCenter, shape: GeoShape, order: string, count: GeoSearchOptions["count"]): unknown[] {
  return [
    ...("member" in center ? [center.type, center.member] : [center.type, center.coordinate.lon, center.coordinate.lat]),
    ...("radius" in shape
      ? [shape.type, shape.radius, shape.radiusType]
      : [shape.type, shape.rect.width, shape.rect.height, shape.rectType]),
    order,
    ...(count ? ["COUNT", count.limit, ...(count.any ? ["ANY"] : [])] : []),
  ];
}

const places: Decode<unknown> = (reply) => (Array.isArray(reply) ? reply.map((place) => placeOf(place, "lng")) : reply);

/** A longitude, under the name that the place has for it, and a latitude. */
function placeOf(place: Reply, name: "lng" | "long"): object | null {
  if (!Array.isArray(place)) return null;
  const [longitude, latitude] = place.map((part) => Number(textOf(part)));
  return { [name]: longitude, lat: latitude };
}

/** Redis answers the distance, the hash and the place in this order, as far as they were asked for. */
function found({ withDist, withHash, withCoord }: GeoSearchOptions): Decode<unknown> {
  return (reply, read) => {
    if (!Array.isArray(reply)) return reply;
    return reply.map((item) => {
      const [member = null, ...parts] = Array.isArray(item) ? item : [item];
      return {
        member: read(member),
        ...(withDist ? { dist: Number(textOf(parts.shift() ?? null)) } : {}),
        ...(withHash ? { hash: textOf(parts.shift() ?? null) } : {}),
        ...(withCoord ? { coord: placeOf(parts.shift() ?? null, "long") } : {}),
      };
    });
  };
}

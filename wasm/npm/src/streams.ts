/** Streams, in the form in which `@upstash/redis` takes and gives them. */
import { command, flatList, listOf, optionWords, someOf, type Command, type Decode } from "./command.js";
import type { Mode, Out } from "./mode.js";
import { textOf, type Key, type Numeric, type Value } from "./values.js";

/** What a stream is cut to. */
export type StreamTrim = (
  | { type: "MAXLEN" | "maxlen"; threshold: number }
  | { type: "MINID" | "minid"; threshold: string }
) &
  ({ comparison: "~"; limit?: number } | { comparison: "="; limit?: never });

/** What XGROUP does. */
export type StreamGroupChange =
  | { type: "CREATE"; group: Key; id: string; options?: { MKSTREAM?: boolean; ENTRIESREAD?: number } }
  | { type: "CREATECONSUMER"; group: Key; consumer: Key }
  | { type: "DELCONSUMER"; group: Key; consumer: Key }
  | { type: "DESTROY"; group: Key }
  | { type: "SETID"; group: Key; id: string; options?: { ENTRIESREAD?: number } };

/** Entries by their IDs, each as its fields. */
export type StreamEntries = Record<string, Record<string, unknown>>;

/** The commands of streams whose form is written by hand. */
export interface StreamCommands<M extends Mode> {
  /** Acknowledges entries for a group; how many were pending. */
  xack(key: Key, group: Key, ids: Key | Key[]): Out<M, number>;

  /** Appends an entry; its ID, or null where there is no stream and none may be made. */
  xadd(
    key: Key,
    id: string,
    fields: Record<string, unknown>,
    options?: { nomkStream?: boolean; trim?: StreamTrim },
  ): Out<M, string | null>;

  /** Gives pending entries that have been idle to a consumer, from an ID on. */
  xautoclaim<T = unknown>(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleTime: number,
    start: string,
    options?: { count?: number; justId?: boolean },
  ): Out<M, [string, T[], string[]]>;

  /** Gives pending entries to a consumer. */
  xclaim<T = unknown>(
    key: Key,
    group: Key,
    consumer: Key,
    minIdleTime: number,
    ids: Key | Key[],
    options?: { idleMS?: number; timeMS?: number; retryCount?: number; force?: boolean; justId?: boolean; lastId?: Numeric | string },
  ): Out<M, T[]>;

  /** Removes entries; how many there were. */
  xdel(key: Key, ids: Key | Key[]): Out<M, number>;

  /** Makes, changes or removes a group or one of its consumers. */
  xgroup<T = string | number>(key: Key, change: StreamGroupChange): Out<M, T>;

  /** Tells of a stream's groups, or of the consumers of one. */
  xinfo<T = unknown>(key: Key, about: { type: "GROUPS" } | { type: "CONSUMERS"; group: Key }): Out<M, T[]>;

  /** Pending entries of a group, between two IDs. */
  xpending<T = unknown>(
    key: Key,
    group: Key,
    start: string,
    end: string,
    count: number,
    options?: { idleTime?: number; consumer?: Key | Key[] },
  ): Out<M, T[]>;

  /** Entries between two IDs, oldest first. */
  xrange<T extends StreamEntries = StreamEntries>(key: Key, start: string, end: string, count?: number): Out<M, T>;

  /** Entries behind an ID, of one stream or of several. */
  xread<T = unknown>(
    keys: Key | Key[],
    ids: Key | Key[],
    options?: { count?: number; blockMS?: number },
  ): Out<M, [string, T[]][] | null>;

  /** The same for a consumer of a group. */
  xreadgroup<T = unknown>(
    group: Key,
    consumer: Key,
    keys: Key | Key[],
    ids: Key | Key[],
    options?: { count?: number; blockMS?: number; NOACK?: boolean },
  ): Out<M, [string, T[]][] | null>;

  /** Entries between two IDs, newest first. */
  xrevrange<T extends StreamEntries = StreamEntries>(key: Key, end: string, start: string, count?: number): Out<M, T>;

  /** Removes the oldest entries; how many. */
  xtrim(
    key: Key,
    options: { strategy: "MAXLEN" | "MINID"; exactness?: "~" | "="; threshold: number | string; limit?: number },
  ): Out<M, number>;
}

const READ_OPTIONS = [
  ["count", "COUNT"],
  ["blockMS", "BLOCK"],
  ["NOACK", "NOACK"],
] as const;

const CLAIM_OPTIONS = [
  ["idleMS", "IDLE"],
  ["timeMS", "TIME"],
  ["retryCount", "RETRYCOUNT"],
  ["force", "FORCE"],
  ["justId", "JUSTID"],
  ["lastId", "LASTID"],
] as const;

const AUTOCLAIM_OPTIONS = [
  ["count", "COUNT"],
  ["justId", "JUSTID"],
] as const;

const GROUP_OPTIONS = [
  ["MKSTREAM", "MKSTREAM"],
  ["ENTRIESREAD", "ENTRIESREAD"],
] as const;

/** The commands as words. */
export const streams = {
  xack: (key: Key, group: Key, ids: unknown) => command(["XACK", key, group, ...listOf(ids)]),
  xadd: (key: Key, id: string, fields: object, { nomkStream, trim }: { nomkStream?: boolean; trim?: StreamTrim } = {}) =>
    command([
      ...["XADD", key, ...(nomkStream ? ["NOMKSTREAM"] : [])],
      ...(trim ? trimWords(trim.type, trim.comparison, trim.threshold, trim.limit) : []),
      ...[id, ...Object.entries(fields).flat()],
    ]),
  xautoclaim: (key: Key, group: Key, consumer: Key, minIdleTime: number, start: string, options?: object) =>
    command(["XAUTOCLAIM", key, group, consumer, minIdleTime, start, ...optionWords(options, AUTOCLAIM_OPTIONS)]),
  xclaim: (key: Key, group: Key, consumer: Key, minIdleTime: number, ids: unknown, options?: object) =>
    command(["XCLAIM", key, group, consumer, minIdleTime, ...listOf(ids), ...optionWords(options, CLAIM_OPTIONS)]),
  xdel: (key: Key, ids: unknown) => command(["XDEL", key, ...listOf(ids)]),
  xgroup: (key: Key, change: StreamGroupChange) => command(["XGROUP", change.type, key, change.group, ...changeWords(change)]),
  xinfo: (key: Key, about: { type: string; group?: Key }) => command(["XINFO", about.type, key, ...someOf(about.group)]),
  xpending: (
    key: Key,
    group: Key,
    start: string,
    end: string,
    count: number,
    { idleTime, consumer }: { idleTime?: number; consumer?: Key | Key[] } = {},
  ) =>
    command([
      ...["XPENDING", key, group, ...(idleTime === undefined ? [] : ["IDLE", idleTime])],
      ...[start, end, count, ...(consumer === undefined ? [] : listOf(consumer))],
    ]),
  xrange: (key: Key, start: string, end: string, count?: number) =>
    command(["XRANGE", key, start, end, ...countWords(count)], entriesById),
  xread: (keys: unknown, ids: unknown, options?: object) =>
    command(["XREAD", ...optionWords(options, READ_OPTIONS), "STREAMS", ...listOf(keys), ...listOf(ids)]),
  xreadgroup: (group: Key, consumer: Key, keys: unknown, ids: unknown, options?: object) =>
    command([
      ...["XREADGROUP", "GROUP", group, consumer, ...optionWords(options, READ_OPTIONS)],
      ...["STREAMS", ...listOf(keys), ...listOf(ids)],
    ]),
  xrevrange: (key: Key, end: string, start: string, count?: number) =>
    command(["XREVRANGE", key, end, start, ...countWords(count)], entriesById),
  xtrim: (
    key: Key,
    { strategy, exactness = "~", threshold, limit }: { strategy: string; exactness?: string; threshold: Value; limit?: number },
  ) => command(["XTRIM", key, ...trimWords(strategy, exactness, threshold, limit)]),
} satisfies { [Name in keyof StreamCommands<"encode">]: (...args: never[]) => Command<unknown> };

function countWords(count: number | undefined): unknown[] {
  return count === undefined ? [] : ["COUNT", count];
}

function trimWords(strategy: string, exactness: string, threshold: Value, limit: number | undefined): unknown[] {
  return [strategy, exactness, threshold, ...(limit === undefined ? [] : ["LIMIT", limit])];
}

function changeWords(change: StreamGroupChange): unknown[] {
  if ("consumer" in change) return [change.consumer];
  return "id" in change ? [change.id, ...optionWords(change.options, GROUP_OPTIONS)] : [];
}

const entriesById: Decode<unknown> = (reply, read) => {
  if (!Array.isArray(reply)) return reply;
  const entries = reply.map((entry): readonly [string, unknown] => {
    const [id = null, fields = null] = Array.isArray(entry) ? entry : [];
    const flat = flatList(fields);
    const names = flat.filter((_, at) => at % 2 === 0);
    return [textOf(id), Object.fromEntries(names.map((name, at) => [textOf(name), read(flat[at * 2 + 1] ?? null)]))];
  });
  return Object.fromEntries(entries);
};

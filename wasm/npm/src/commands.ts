/**
 * Every command: the generated ones, and those whose JavaScript form the grammar cannot tell, because
 * `@upstash/redis` takes or gives an object there.
 */
import type { BitField } from "./bitfield.js";
import { command, listOf, optionWords, someOf, type AtMostOne, type Command, type Decode } from "./command.js";
import { generated, type GeneratedCommands } from "./commands.gen.js";
import { fieldExpiry, type FieldExpiryCommands } from "./field-expiry.js";
import { geo, type GeoCommands } from "./geo.js";
import type { Mode, Out } from "./mode.js";
import type { Reply } from "./reply.js";
import { streams, type StreamCommands } from "./streams.js";
import { textOf, wordOf, type Key, type Numeric, type Value } from "./values.js";

/** A member of a sorted set with its score. */
export interface ScoreMember<T = Value> {
  score: Numeric;
  member: T;
}

/** When ZADD adds or updates, and what it answers. */
export type ZAddOptions = {
  /** Count changed members too, not only new ones. */
  ch?: boolean;
  /** Add the score to the member's score, and answer the sum. */
  incr?: boolean;
} & ScoreCondition;

/** Only add new members, or only update those that exist, then perhaps only when the new score is less or greater. */
export type ScoreCondition =
  | { nx?: boolean; xx?: never; lt?: never; gt?: never }
  | ({ nx?: never; xx?: boolean } & AtMostOne<{ lt: boolean } | { gt: boolean }>);

/** What runs a script or a function. */
type ScriptName = "eval" | "evalsha" | "eval_ro" | "evalsha_ro" | "fcall" | "fcall_ro";

/** What has a form of its own in another file. */
type FormName = "bitfield" | "scriptFlush" | ScriptName | keyof StreamCommands<"encode"> | keyof GeoCommands<"encode"> | keyof FieldExpiryCommands<"encode">;

/** Runs a script with its keys and arguments: as two lists, or as their words with the number of keys first. */
export interface RunScript<M extends Mode> {
  <T = unknown>(script: string, keys: readonly Key[], args?: readonly Value[]): Out<M, T>;
  <T = unknown>(script: string, numkeys: number, ...words: Value[]): Out<M, T>;
}

/** Whether to free memory behind the answer: as an object, or as Redis's word. */
export type FlushOptions = { async?: boolean; sync?: boolean } | "ASYNC" | "async" | "SYNC" | "sync";

/** Every command, in the form that a place gives it. */
export interface Commands<M extends Mode>
  extends Omit<GeneratedCommands<M>, FormName>,
    StreamCommands<M>,
    GeoCommands<M>,
    FieldExpiryCommands<M> {
  /** Any command by its words, for what has no method of its own: `exec(["CONFIG", "GET", "maxmemory"])`. */
  exec<T = unknown>(words: readonly Value[]): Out<M, T>;

  /** Reads and changes integers within a string: `bitfield("k").get("u8", 0).incrby("i5", 100, 1).exec()`. */
  bitfield(key: Key): BitField<M>;
  /** Reads and changes integers within a string, by Redis's words. */
  bitfield(key: Key, operation: Value, ...more: Value[]): Out<M, (number | null)[]>;

  /** Copies a value to another key. */
  copy(source: Key, destination: Key, options?: { db?: number; replace?: boolean }): Out<M, "COPIED" | "NOT_COPIED">;

  /** Runs a script by its text. */
  eval: RunScript<M>;

  /** Runs a script by its text; it may only read. */
  eval_ro: RunScript<M>;

  /** Runs a script by its digest. */
  evalsha: RunScript<M>;

  /** Runs a script by its digest; it may only read. */
  evalsha_ro: RunScript<M>;

  /** Calls a function. */
  fcall: RunScript<M>;

  /** Calls a function; it may only read. */
  fcall_ro: RunScript<M>;

  /** Forgets every script. */
  scriptFlush(options?: FlushOptions): Out<M, "OK">;

  /** Removes every key of every database. */
  flushall(options?: { async?: boolean }): Out<M, "OK">;

  /** Removes every key of the current database. */
  flushdb(options?: { async?: boolean }): Out<M, "OK">;

  /** All fields and values of a hash, or null when there is none. */
  hgetall<T extends Record<string, unknown> = Record<string, unknown>>(key: Key): Out<M, T | null>;

  /** Fields of a hash by name, or null when none of them exists. */
  hmget<T extends Record<string, unknown> = Record<string, unknown>>(key: Key, ...fields: Key[]): Out<M, T | null>;

  /** Sets fields of a hash. */
  hmset(key: Key, fields: object): Out<M, "OK">;

  /** A random field of a hash, several of them, or several with their values. */
  hrandfield(key: Key): Out<M, string | null>;
  /** So many fields of a hash at random; some more than once when the number is negative. */
  hrandfield(key: Key, count: number): Out<M, string[]>;
  /** So many fields of a hash at random, with their values. */
  hrandfield<T extends Record<string, unknown> = Record<string, unknown>>(
    key: Key,
    count: number,
    withValues: true,
  ): Out<M, T | null>;

  /** Sets fields of a hash; the number of fields that are new. */
  hset(key: Key, fields: object): Out<M, number>;

  /** Takes elements from the first list that is not empty. */
  lmpop<T = string>(
    numkeys: number,
    keys: Key[],
    direction: "LEFT" | "RIGHT" | "left" | "right",
    count?: number,
  ): Out<M, [string, T[]] | null>;

  /** Sets several keys. */
  mset(values: object): Out<M, "OK">;

  /** Sets several keys if none of them exists; 1 if it did. */
  msetnx(values: object): Out<M, number>;

  /** For each value, whether it is in the set. */
  smismember(key: Key, members: Value[]): Out<M, (0 | 1)[]>;

  /** The server's time: seconds, and microseconds within the second. */
  time(): Out<M, [number, number]>;

  /** Adds members with scores to a sorted set, or updates their scores; the number of new members. */
  zadd<T = Value>(key: Key, ...members: [ScoreMember<T>, ...ScoreMember<T>[]]): Out<M, number | null>;
  /** Adds members to a sorted set, or changes their scores, under conditions. */
  zadd<T = Value>(
    key: Key,
    options: ZAddOptions,
    ...members: [ScoreMember<T>, ...ScoreMember<T>[]]
  ): Out<M, number | null>;

  /** The scores of members. */
  zmscore(key: Key, members: Value[]): Out<M, (number | null)[] | null>;
}

const ZADD_OPTIONS = [
  ["nx", "NX"],
  ["xx", "XX"],
  ["gt", "GT"],
  ["lt", "LT"],
  ["ch", "CH"],
  ["incr", "INCR"],
] as const;

const ASYNC = [["async", "ASYNC"]] as const;

const FLUSH_OPTIONS = [
  ["async", "ASYNC"],
  ["sync", "SYNC"],
] as const;

const COPY_OPTIONS = [
  ["db", "DB"],
  ["replace", "REPLACE"],
] as const;

type Written = Omit<Commands<"encode">, keyof GeneratedCommands<"encode"> | FormName>;

const written = {
  exec: (words: readonly Value[]) => command(words),
  eval: script("EVAL"),
  eval_ro: script("EVAL_RO"),
  evalsha: script("EVALSHA"),
  evalsha_ro: script("EVALSHA_RO"),
  fcall: script("FCALL"),
  fcall_ro: script("FCALL_RO"),
  scriptFlush: (options?: FlushOptions) =>
    command(["SCRIPT", "FLUSH", ...(typeof options === "string" ? [options] : optionWords(options, FLUSH_OPTIONS))]),
  copy: (source: Key, destination: Key, options?: object) =>
    command(["COPY", source, destination, ...optionWords(options, COPY_OPTIONS)], copied),
  flushall: (options?: object) => command(["FLUSHALL", ...optionWords(options, ASYNC)]),
  flushdb: (options?: object) => command(["FLUSHDB", ...optionWords(options, ASYNC)]),
  hgetall: <T>(key: Key) => command<T | null>(["HGETALL", key], recordOrNull),
  hmget: <T>(key: Key, ...fields: Key[]) =>
    command<T | null>(["HMGET", key, ...fields], fieldsOrNull(fields)),
  hmset: (key: Key, fields: object) => command(["HMSET", key, ...Object.entries(fields).flat()]),
  hrandfield,
  hset: (key: Key, fields: object) => command(["HSET", key, ...Object.entries(fields).flat()]),
  lmpop: (numkeys: number, keys: Key[], direction: string, count?: number) =>
    command(["LMPOP", numkeys, ...keys, direction, ...countWords(count)]),
  mset: (values: object) => command(["MSET", ...Object.entries(values).flat()]),
  msetnx: (values: object) => command(["MSETNX", ...Object.entries(values).flat()]),
  smismember: (key: Key, members: Value[]) => command(["SMISMEMBER", key, ...members]),
  time: () => command(["TIME"], (reply) => (Array.isArray(reply) ? reply.map((part) => Number(textOf(part))) : reply)),
  zadd: (key: Key, first: object, ...others: ScoreMember<unknown>[]) =>
    command(["ZADD", key, ...zaddWords(first), ...others.flatMap(zaddWords)]),
  zmscore: (key: Key, members: Value[]) => command(["ZMSCORE", key, ...members], scores),
};

/** Every command as words: the one list that promises, pipelines and the synchronous view are made from. */
export const commands: { readonly [Name in keyof Commands<"encode">]: (...args: never[]) => Command<unknown> } = {
  ...generated,
  ...streams,
  ...geo,
  ...fieldExpiry,
  ...(written satisfies { [Name in keyof Written]: (...args: never[]) => Command<unknown> }),
};

function script(name: string) {
  return (text: string, keys: readonly Key[] | number, ...rest: unknown[]): Command<unknown> =>
    typeof keys === "number"
      ? command([name, text, keys, ...rest])
      : command([name, text, keys.length, ...keys, ...listOf(rest[0] ?? [])]);
}

function countWords(count: number | undefined): unknown[] {
  return count === undefined ? [] : ["COUNT", count];
}

function hrandfield(key: Key, count?: number, withValues?: boolean): Command<unknown> {
  const words = ["HRANDFIELD", key, ...someOf(count)];
  return withValues ? command([...words, "WITHVALUES"], recordOrNull) : command(words);
}

function zaddWords(part: object): unknown[] {
  return "member" in part && "score" in part ? [part.score, part.member] : optionWords(part, ZADD_OPTIONS);
}

const copied: Decode<"COPIED" | "NOT_COPIED"> = (reply) => (reply === 1 ? "COPIED" : "NOT_COPIED");

/** Fields and values, given one after the other or (RESP3's pairs) two by two, as an object. */
function recordOrNull<T>(reply: Reply, read: (part: Reply) => unknown): T | null {
  if (!Array.isArray(reply) || reply.length === 0) return null;
  const flat = reply.every(Array.isArray) ? reply.flat() : reply;
  const fields = flat.filter((_, at) => at % 2 === 0);
  return Object.fromEntries(fields.map((field, at) => [textOf(field), read(flat[at * 2 + 1] ?? null)])) as T;
}

function fieldsOrNull<T>(fields: Key[]): Decode<T | null> {
  return (reply, read) => {
    if (!Array.isArray(reply) || reply.every((value) => value === null)) return null;
    return Object.fromEntries(fields.map((field, at) => [textOf(wordOf(field)), read(reply[at] ?? null)])) as T;
  };
}

/** Scores are numbers in every form, bytes included. */
const scores: Decode<unknown> = (reply) =>
  Array.isArray(reply) ? reply.map((score) => (score === null ? null : Number(textOf(score)))) : reply;

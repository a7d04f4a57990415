// Made by `cargo xtask generate` from the command table. Do not edit.
/** The commands whose form follows from their grammar. */
import { command, listOf, optionWords, someOf, type Command } from "./command.js";
import type { Mode, Out } from "./mode.js";
import { wordOf, type Key, type Numeric, type Value } from "./values.js";

/** Commands in the form that a place gives them. */
export interface GeneratedCommands<M extends Mode> {
  /**
   * Adds bytes to the end of a value; a missing key counts as empty.
   *
   * O(1) amortised. Since Redis 2.0.0.
   */
  append(key: Key, value: Value): Out<M, number>;

  /**
   * Takes one from the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  decr(key: Key): Out<M, number>;

  /**
   * Takes from the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  decrby(key: Key, decrement: Numeric): Out<M, number>;

  /**
   * Gives the value of a key.
   *
   * O(1). Since Redis 1.0.0.
   */
  get<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives the value of a key and removes the key.
   *
   * O(1). Since Redis 6.2.0.
   */
  getdel<T = unknown>(key: Key): Out<M, T | null>;

  /**
   * Gives the value of a key and changes its TTL.
   *
   * O(1). Since Redis 6.2.0.
   */
  getex<T = unknown>(key: Key, options?: { ex?: Numeric; px?: Numeric; exat?: Numeric; pxat?: Numeric; persist?: boolean }): Out<M, T | null>;

  /**
   * Gives a part of a value; negative offsets count from its end.
   *
   * O(N) for N bytes given. Since Redis 2.4.0.
   */
  getrange(key: Key, start: Numeric, end: Numeric): Out<M, string>;

  /**
   * Sets the value of a key and gives the one before.
   *
   * O(1). Since Redis 1.0.0.
   */
  getset<T = unknown>(key: Key, value: Value): Out<M, T | null>;

  /**
   * Adds one to the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  incr(key: Key): Out<M, number>;

  /**
   * Adds to the integer in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 1.0.0.
   */
  incrby(key: Key, increment: Numeric): Out<M, number>;

  /**
   * Adds to the float in a key; a missing key counts as 0.
   *
   * O(1). Since Redis 2.6.0.
   */
  incrbyfloat(key: Key, increment: Numeric): Out<M, number>;

  /**
   * Finds the longest common subsequence of two values.
   *
   * O(N*M) for values of N and M bytes. Since Redis 7.0.0.
   */
  lcs<T = string>(key1: Key, key2: Key, options?: { len?: boolean; idx?: boolean; minMatchLen?: Numeric; withMatchLen?: boolean }): Out<M, T | number | (T | unknown)[]>;

  /**
   * Gives the values of several keys; null for one that is missing or not a string.
   *
   * O(N) for N keys. Since Redis 1.0.0.
   */
  mget<T extends unknown[] = string[]>(...key: (Key | Key[])[]): Out<M, T>;

  /**
   * Sets the value of a key and its TTL in milliseconds.
   *
   * O(1). Since Redis 2.6.0.
   */
  psetex(key: Key, milliseconds: Numeric, value: Value): Out<M, "OK">;

  /**
   * Sets the value of a key, whatever it held before.
   *
   * O(1). Since Redis 1.0.0.
   */
  set<T = string>(key: Key, value: Value, options?: { nx?: boolean; xx?: boolean; get?: boolean; ex?: Numeric; px?: Numeric; exat?: Numeric; pxat?: Numeric; keepTtl?: boolean }): Out<M, "OK" | null | T>;

  /**
   * Sets the value of a key and its TTL in seconds.
   *
   * O(1). Since Redis 2.0.0.
   */
  setex(key: Key, seconds: Numeric, value: Value): Out<M, "OK">;

  /**
   * Sets the value of a key that is not there yet.
   *
   * O(1). Since Redis 1.0.0.
   */
  setnx(key: Key, value: Value): Out<M, number>;

  /**
   * Overwrites a part of a value, which grows by zero bytes where it is too short.
   *
   * O(1) for small values, else O(M) for M bytes. Since Redis 2.2.0.
   */
  setrange(key: Key, offset: Numeric, value: Value): Out<M, number>;

  /**
   * Gives the length of a value in bytes.
   *
   * O(1). Since Redis 2.2.0.
   */
  strlen(key: Key): Out<M, number>;

  /**
   * The older name of GETRANGE.
   *
   * O(N) for N bytes given. Since Redis 1.0.0.
   */
  substr(key: Key, start: Numeric, end: Numeric): Out<M, string>;
}

/** The same as words. */
export const generated = {
  append: (key: unknown, value: unknown) => command(["APPEND", wordOf(key), wordOf(value)]),
  decr: (key: unknown) => command(["DECR", wordOf(key)]),
  decrby: (key: unknown, decrement: unknown) => command(["DECRBY", wordOf(key), wordOf(decrement)]),
  get: (key: unknown) => command(["GET", wordOf(key)]),
  getdel: (key: unknown) => command(["GETDEL", wordOf(key)]),
  getex: (key: unknown, options?: object) => command(["GETEX", wordOf(key), ...optionWords(options, [["ex", "EX"], ["px", "PX"], ["exat", "EXAT"], ["pxat", "PXAT"], ["persist", "PERSIST"]])]),
  getrange: (key: unknown, start: unknown, end: unknown) => command(["GETRANGE", wordOf(key), wordOf(start), wordOf(end)]),
  getset: (key: unknown, value: unknown) => command(["GETSET", wordOf(key), wordOf(value)]),
  incr: (key: unknown) => command(["INCR", wordOf(key)]),
  incrby: (key: unknown, increment: unknown) => command(["INCRBY", wordOf(key), wordOf(increment)]),
  incrbyfloat: (key: unknown, increment: unknown) => command(["INCRBYFLOAT", wordOf(key), wordOf(increment)]),
  lcs: (key1: unknown, key2: unknown, options?: object) => command(["LCS", wordOf(key1), wordOf(key2), ...optionWords(options, [["len", "LEN"], ["idx", "IDX"], ["minMatchLen", "MINMATCHLEN"], ["withMatchLen", "WITHMATCHLEN"]])]),
  mget: (...key: unknown[]) => command(["MGET", ...key.flatMap(listOf)]),
  psetex: (key: unknown, milliseconds: unknown, value: unknown) => command(["PSETEX", wordOf(key), wordOf(milliseconds), wordOf(value)]),
  set: (key: unknown, value: unknown, options?: object) => command(["SET", wordOf(key), wordOf(value), ...optionWords(options, [["nx", "NX"], ["xx", "XX"], ["get", "GET"], ["ex", "EX"], ["px", "PX"], ["exat", "EXAT"], ["pxat", "PXAT"], ["keepTtl", "KEEPTTL"]])]),
  setex: (key: unknown, seconds: unknown, value: unknown) => command(["SETEX", wordOf(key), wordOf(seconds), wordOf(value)]),
  setnx: (key: unknown, value: unknown) => command(["SETNX", wordOf(key), wordOf(value)]),
  setrange: (key: unknown, offset: unknown, value: unknown) => command(["SETRANGE", wordOf(key), wordOf(offset), wordOf(value)]),
  strlen: (key: unknown) => command(["STRLEN", wordOf(key)]),
  substr: (key: unknown, start: unknown, end: unknown) => command(["SUBSTR", wordOf(key), wordOf(start), wordOf(end)]),
} satisfies { [Name in keyof GeneratedCommands<"encode">]: (...args: never[]) => Command<unknown> };

/** Commands that change nothing: running one of them twice does no harm. */
export const readOnlyCommands: ReadonlySet<string> = new Set(
  "GET GETRANGE LCS MGET STRLEN SUBSTR".split(" "),
);

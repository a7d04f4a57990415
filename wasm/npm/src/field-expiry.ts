/** Fields of hashes that expire, in the form in which `@upstash/redis` takes them. */
import { command, listOf, someOf, type Command } from "./command.js";
import type { Mode, Out } from "./mode.js";
import type { Key } from "./values.js";

/** When a deadline that is there already may be changed. */
export type ExpiryCondition = "NX" | "XX" | "GT" | "LT" | "nx" | "xx" | "gt" | "lt";

type Fields = Key | Key[];
/** For each field: 1 or 2 when it was set or removed at once, 0 when the condition was not met, -2 when it is missing. */
type Expire<M extends Mode> = (key: Key, fields: Fields, time: number, condition?: ExpiryCondition) => Out<M, number[]>;
/** For each field: what was asked for, -1 when it does not expire, -2 when it is missing. */
type Ask<M extends Mode> = (key: Key, fields: Fields) => Out<M, number[]>;

/** The commands of fields that expire. */
export interface FieldExpiryCommands<M extends Mode> {
  /** Lets fields expire after so many seconds. */
  hexpire: Expire<M>;
  /** Lets fields expire at a time in seconds. */
  hexpireat: Expire<M>;
  /** Lets fields expire after so many milliseconds. */
  hpexpire: Expire<M>;
  /** Lets fields expire at a time in milliseconds. */
  hpexpireat: Expire<M>;
  /** When fields expire, in seconds. */
  hexpiretime: Ask<M>;
  /** When fields expire, in milliseconds. */
  hpexpiretime: Ask<M>;
  /** In how many seconds fields expire. */
  httl: Ask<M>;
  /** In how many milliseconds fields expire. */
  hpttl: Ask<M>;
  /** Keeps fields from expiring. */
  hpersist: Ask<M>;
}

/** The commands as words. */
export const fieldExpiry = {
  hexpire: expire("HEXPIRE"),
  hexpireat: expire("HEXPIREAT"),
  hpexpire: expire("HPEXPIRE"),
  hpexpireat: expire("HPEXPIREAT"),
  hexpiretime: ask("HEXPIRETIME"),
  hpexpiretime: ask("HPEXPIRETIME"),
  httl: ask("HTTL"),
  hpttl: ask("HPTTL"),
  hpersist: ask("HPERSIST"),
} satisfies { [Name in keyof FieldExpiryCommands<"encode">]: (...args: never[]) => Command<unknown> };

function expire(name: string) {
  return (key: Key, fields: Fields, time: number, condition?: ExpiryCondition): Command<unknown> =>
    command([name, key, time, ...someOf(condition), ...fieldWords(fields)]);
}

function ask(name: string) {
  return (key: Key, fields: Fields): Command<unknown> => command([name, key, ...fieldWords(fields)]);
}

function fieldWords(fields: Fields): unknown[] {
  const all = listOf(fields);
  return ["FIELDS", all.length, ...all];
}

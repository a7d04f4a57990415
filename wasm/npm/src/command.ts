/** A command on its way: its words, and what to make of its answer. */
import type { Form, Reply } from "./reply.js";
import { parseReply, textOf, wordOf, type Word } from "./values.js";

/** Makes a result of an answer; `read` turns a part of it into the caller's form. */
export type Decode<T> = (reply: Reply, read: (part: Reply) => unknown) => T;

/** A command with the type of its result. */
export interface Command<T> {
  readonly words: readonly Word[];
  readonly decode?: Decode<T>;
}

/** A command of these values; its answer is read in the caller's form unless `decode` says otherwise. */
export function command<T>(values: readonly unknown[], decode?: Decode<T>): Command<T> {
  const words = areTexts(values) ? values : values.map(wordOf);
  return decode ? { words, decode } : { words };
}

/** Most commands are all text: nothing has to be made of them. */
function areTexts(values: readonly unknown[]): values is readonly string[] {
  for (const value of values) if (typeof value !== "string") return false;
  return true;
}

/** The result of a command, in the form that the caller wants. */
export function decodeReply<T>(command: Command<T>, reply: Reply, form: Form): T {
  const read = form === "json" ? parseReply : asItIs;
  // What a command answers is declared in the command table; it is not checked again here.
  return (command.decode ? command.decode(reply, read) : read(reply)) as T;
}

function asItIs(part: Reply): unknown {
  return part;
}

type KeysOf<Choices> = Choices extends unknown ? keyof Choices : never;

/** The properties of one of these choices, or of none: `AtMostOne<{ nx: boolean } | { xx: boolean }>`. */
export type AtMostOne<Choices extends object, Keys extends PropertyKey = KeysOf<Choices>> = Choices extends unknown
  ? Partial<Choices> & { [Key in Exclude<Keys, keyof Choices>]?: never }
  : never;

/** The tokens that an options object may have, in the order of the command's grammar. */
export type OptionTable = readonly (readonly [property: string, token: string])[];

/**
 * The words of an options object: a token alone for `true`, nothing for `false`, else the token and what follows it.
 * An empty token marks a value that follows the one before it (`LIMIT offset count`).
 */
export function optionWords(options: object | undefined, table: OptionTable): unknown[] {
  const words: unknown[] = [];
  if (!options) return words;
  const given = new Map<string, unknown>(Object.entries(options));
  for (const [property, token] of table) {
    const value = given.get(property);
    if (value === undefined || value === null || value === false) continue;
    if (token) words.push(token);
    if (value !== true) words.push(...listOf(value));
  }
  return words;
}

/** One value or several, as a list. */
export function listOf(values: unknown): unknown[] {
  return Array.isArray(values) ? values : [values];
}

/** An argument that may be left out, as a list. */
export function someOf(value: unknown): unknown[] {
  return value === undefined ? [] : [value];
}

/** The parts of a list; RESP3's pairs one after the other as in RESP2. */
export function flatList(reply: Reply): Reply[] {
  if (!Array.isArray(reply)) return [];
  return reply.every(Array.isArray) ? reply.flat() : reply;
}

/** Members with scores, which RESP3 gives as pairs, one after the other as in RESP2. */
export const flatPairs: Decode<unknown> = (reply, read) =>
  read(Array.isArray(reply) && reply.every(Array.isArray) ? reply.flat() : reply);

/** A cursor and what was found: the cursor stays text. */
export const scanned: Decode<unknown> = (reply, read) =>
  Array.isArray(reply) ? [textOf(reply[0] ?? null), read(reply[1] ?? null)] : reply;

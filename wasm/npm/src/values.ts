/**
 * Values as they go in and come out, as `@upstash/redis` has them: text and numbers as they are, everything else as
 * JSON; what comes out is parsed where it is JSON. Beyond it, `Uint8Array` goes in and out as bytes.
 */
import type { Reply } from "./reply.js";

/** One word of a command on its way to a store. */
export type Word = string | Uint8Array;

/** Anything that can be stored: text, numbers and bytes as they are, the rest as JSON. */
export type Value = string | number | bigint | boolean | null | object;

/** The name of a key, a channel, a field: text, a number, or bytes. */
export type Key = string | number | Uint8Array;

/** A number, also as Redis writes it: `"-inf"`, `"(1.5"`. */
export type Numeric = number | bigint | string;

/** The word that stands for a value. */
export function wordOf(value: unknown): Word {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value === undefined) throw new TypeError("a word of a command is undefined");
  return JSON.stringify(value);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of an answer's string. */
export function textOf(reply: Reply): string {
  return reply instanceof Uint8Array ? decoder.decode(reply) : String(reply);
}

/** Reads the strings of an answer as JSON where they are JSON. */
export function parseReply(reply: Reply): unknown {
  if (typeof reply === "string") return parseText(reply);
  return Array.isArray(reply) ? reply.map(parseReply) : reply;
}

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * The JSON value that a text is, or the text. Numbers count only when they print back identically, so that `"007"`
 * and integers beyond 2^53 stay text.
 */
export function parseText(text: string): unknown {
  return parseBy(text.charCodeAt(0), text);
}

/**
 * {@link parseText} for whoever knows the first character already, which spares most texts a failing parse: looking
 * at it would first put a text together that nobody may read.
 */
export function parseBy(first: number, text: string): unknown {
  switch (first) {
    case 0x22: // "
    case 0x5b: // [
    case 0x7b: // {
    case 0x20:
    case 0x09:
    case 0x0a:
    case 0x0d:
      return parseJson(text);
    case 0x66: // f
      return text === "false" ? false : text;
    case 0x6e: // n
      return text === "null" ? null : text;
    case 0x74: // t
      return text === "true" ? true : text;
    default:
      return first === 0x2d || (first >= 0x30 && first <= 0x39) ? parseNumber(text) : text;
  }
}

function parseNumber(text: string): number | string {
  if (!NUMBER.test(text)) return text;
  const number = Number(text);
  return String(number) === text ? number : text;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && String(value) !== text ? text : value;
  } catch {
    return text;
  }
}

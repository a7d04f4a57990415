/** Bytes as text that shows every byte: what can be read as it is, the rest as `\xHH`. */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Characters that do not show, or change how their neighbours show. The joiner of emoji is fine. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const JOINER = "\u200d";

const NAMED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\x07": "\\a",
};

/** Bytes or text between quotes, as redis-cli takes them back. */
export function quote(value: Uint8Array | string): string {
  return `"${escape(value, (character) => NAMED[character])}"`;
}

/** Bytes or text without quotes, on one line. */
export function show(value: Uint8Array | string): string {
  return escape(value, (character) => (character === '"' || character === "\\" ? character : NAMED[character]));
}

/** Bytes or text over several lines: line ends and tabs stay. */
export function showLines(value: Uint8Array | string): string {
  return escape(value, (character) => {
    if (character === "\r") return "";
    return /["\\\n\t]/.test(character) ? character : NAMED[character];
  });
}

/** The text that bytes are, or nothing when they are not UTF-8. */
export function textOf(value: Uint8Array | string): string | undefined {
  if (typeof value === "string") return value;
  try {
    return strict.decode(value);
  } catch {
    return undefined;
  }
}

function escape(value: Uint8Array | string, named: (character: string) => string | undefined): string {
  const text = textOf(value);
  if (text !== undefined) return escapeText(text, named);
  return escapeBytes(value as Uint8Array, named);
}

function escapeText(text: string, named: (character: string) => string | undefined): string {
  let shown = "";
  for (const character of text) {
    const name = named(character);
    if (name !== undefined) shown += name;
    else if (HIDDEN.test(character) && character !== JOINER) shown += hex(encoder.encode(character));
    else shown += character;
  }
  return shown;
}

/** Bytes that are not UTF-8 as a whole: characters where there are some, single bytes between them. */
function escapeBytes(bytes: Uint8Array, named: (character: string) => string | undefined): string {
  let shown = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at] ?? 0);
    const character = length > 0 ? textOf(bytes.subarray(at, at + length)) : undefined;
    shown += character === undefined ? hex(bytes.subarray(at, at + 1)) : escapeText(character, named);
    at += character === undefined ? 1 : length;
  }
  return shown;
}

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

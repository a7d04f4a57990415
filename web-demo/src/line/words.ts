/** A command line's words, quoted as in redis-cli: `"a\x00b\n"`, `'a b'`, plain ones between blanks. */
import type { Word } from "redstart";

/** A word and where it stands in the line. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly word: Word;
}

/** A line taken apart; `isBroken` when a quote is not closed or something sticks to a closing one. */
export interface Split {
  readonly tokens: readonly Token[];
  readonly isBroken: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const BLANK = /\s/;
const HEX = /^[0-9a-fA-F]{2}$/;

/** Takes a line apart. */
export function split(line: string): Split {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && BLANK.test(line.charAt(at))) at++;
    if (at >= line.length) return { tokens, isBroken: false };
    const start = at;
    const scanned = scanWord(line, at);
    at = scanned.end;
    tokens.push({ start, end: at, word: wordOf(scanned.pieces) });
    if (scanned.isBroken) return { tokens, isBroken: true };
  }
}

/** A word's parts: text, and single bytes that `\xHH` stands for. */
type Piece = string | number;

interface Scanned {
  readonly pieces: Piece[];
  readonly end: number;
  readonly isBroken: boolean;
}

function scanWord(line: string, start: number): Scanned {
  const pieces: Piece[] = [];
  let at = start;
  while (at < line.length && !BLANK.test(line.charAt(at))) {
    const character = line.charAt(at);
    if (character !== '"' && character !== "'") {
      pieces.push(character);
      at++;
      continue;
    }
    const end = character === '"' ? scanDouble(line, at + 1, pieces) : scanSingle(line, at + 1, pieces);
    if (end === undefined) return { pieces, end: line.length, isBroken: true };
    if (end < line.length && !BLANK.test(line.charAt(end))) return { pieces, end, isBroken: true };
    return { pieces, end, isBroken: false };
  }
  return { pieces, end: at, isBroken: false };
}

/** Gives the place behind the closing quote. */
function scanDouble(line: string, start: number, pieces: Piece[]): number | undefined {
  let at = start;
  while (at < line.length) {
    const character = line.charAt(at);
    if (character === '"') return at + 1;
    if (character !== "\\" || at + 1 >= line.length) {
      pieces.push(character);
      at++;
      continue;
    }
    const escaped = line.charAt(at + 1);
    const hex = line.slice(at + 2, at + 4);
    if (escaped === "x" && HEX.test(hex)) {
      pieces.push(Number.parseInt(hex, 16));
      at += 4;
    } else {
      pieces.push(ESCAPES[escaped] ?? escaped);
      at += 2;
    }
  }
  return undefined;
}

function scanSingle(line: string, start: number, pieces: Piece[]): number | undefined {
  let at = start;
  while (at < line.length) {
    if (line.charAt(at) === "'") return at + 1;
    if (line.startsWith("\\'", at)) at++;
    pieces.push(line.charAt(at));
    at++;
  }
  return undefined;
}

/** Text where it can be text; bytes where an escape asks for one that is not ASCII. */
function wordOf(pieces: readonly Piece[]): Word {
  if (!pieces.some((piece) => typeof piece === "number" && piece > 0x7f)) {
    return pieces.map((piece) => (typeof piece === "number" ? String.fromCharCode(piece) : piece)).join("");
  }
  const bytes: number[] = [];
  let text = "";
  for (const piece of [...pieces, 0]) {
    if (typeof piece === "string") {
      text += piece;
      continue;
    }
    bytes.push(...new TextEncoder().encode(text), piece);
    text = "";
  }
  return Uint8Array.from(bytes.slice(0, -1));
}

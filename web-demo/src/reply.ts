/** Answers as redis-cli prints them, line by line. */
import { RedisError, type Reply } from "redstart";
import { quote, showLines } from "./text.ts";

/** What a part of a line is, for its colour. */
export type Kind = "index" | "string" | "integer" | "status" | "nil" | "error" | "raw";

/** A part of a line. */
export interface Segment {
  readonly kind: Kind;
  readonly text: string;
}

/** One line. */
export type Line = readonly Segment[];

/** Answers of these commands are reports for people: they are printed as they are. */
const REPORTS = new Set(["INFO", "LOLWUT", "CLIENT LIST", "CLIENT INFO", "CLUSTER INFO", "CLUSTER NODES", "MEMORY DOCTOR"]);

/** Commands that change data or the session answer short texts as a status; what is read is data. */
const STATUSES = new Set(["OK", "QUEUED", "PONG", "RESET"]);
const READING = /^(GETSET|GETDEL|GETEX|[LRBS]?POP|BL|BR|LMOVE|SPOP|ECHO|HGET|LINDEX|MGET)/;

/** The most bytes of one string that are shown. */
const MOST_BYTES = 1 << 16;

/** What is known of the command that was answered. */
export interface Asked {
  /** Its name, `CLIENT LIST` with the second word. */
  readonly name: string;
  /** Whether it only reads, as far as the table says. */
  readonly isReadOnly: boolean;
}

/** Whether a text is the answer of a command that reports and does not read. JSON transports do not tell. */
function isStatus(text: string, { name, isReadOnly }: Asked): boolean {
  if (name.split(" ")[0] === "TYPE") return true;
  return STATUSES.has(text) && !isReadOnly && !READING.test(name);
}

/** The lines of an answer. */
export function* format(reply: Reply, asked: Asked): Generator<Line> {
  if (reply instanceof Uint8Array) {
    const text = reply.length < 16 ? String.fromCharCode(...reply) : "";
    if (isReport(asked.name)) yield* rawLines(reply);
    else yield [isStatus(text, asked) ? { kind: "status", text } : scalar(reply)];
  } else {
    yield* formatPart(reply);
  }
}

function isReport(name: string): boolean {
  return REPORTS.has(name) || REPORTS.has(name.split(" ", 1)[0] ?? "");
}

function* rawLines(bytes: Uint8Array): Generator<Line> {
  for (const text of showLines(bytes).trimEnd().split("\n")) yield [{ kind: "raw", text }];
}

function* formatPart(reply: Reply): Generator<Line> {
  if (!Array.isArray(reply)) {
    yield [scalar(reply)];
  } else if (reply.length === 0) {
    yield [{ kind: "nil", text: "(empty array)" }];
  } else {
    yield* formatList(reply);
  }
}

function* formatList(list: readonly Reply[]): Generator<Line> {
  const width = String(list.length).length;
  const indent: Segment = { kind: "index", text: " ".repeat(width + 2) };
  for (const [at, item] of list.entries()) {
    let lead: Segment = { kind: "index", text: `${String(at + 1).padStart(width)}) ` };
    for (const line of formatPart(item)) {
      yield [lead, ...line];
      lead = indent;
    }
  }
}

function scalar(reply: null | number | string | Uint8Array | RedisError): Segment {
  if (reply === null) return { kind: "nil", text: "(nil)" };
  if (typeof reply === "number") return { kind: "integer", text: `(${Number.isInteger(reply) ? "integer" : "double"}) ${reply}` };
  if (reply instanceof Uint8Array) return { kind: "string", text: quoteStart(reply) };
  if (reply instanceof RedisError) return { kind: "error", text: `(error) ${reply.message}` };
  return { kind: "status", text: reply };
}

function quoteStart(bytes: Uint8Array): string {
  if (bytes.length <= MOST_BYTES) return quote(bytes);
  return `${quote(bytes.subarray(0, MOST_BYTES))} … (${bytes.length.toLocaleString("en")} bytes, the first ${MOST_BYTES.toLocaleString("en")} shown)`;
}

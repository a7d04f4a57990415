/** Reads values by type, a page at a time. */
import type { Reply } from "redstart";
import type { Store } from "../store.ts";

/** A part of a string or of a row. */
export type Cell = Uint8Array | string;

/** A part of a value. */
export interface Page {
  /** Rows in the order of the columns; one row with one cell for a string. */
  readonly rows: readonly (readonly Cell[])[];
  /** What to ask for next; nothing at the end. */
  readonly next: string | undefined;
}

/** How a type is shown. */
export interface View {
  /** Column headings; none for a string. */
  readonly columns: readonly string[];
  /** The command that tells the size, and what it counts. */
  readonly size: readonly [command: string, unit: string];
  /** Reads a page; the first one from "0". */
  read(store: Store, key: Uint8Array, from: string): Promise<Page>;
}

const ROWS = 100;
const STRING_BYTES = 1 << 14;

/** The types that can be shown. */
export const VIEWS: Readonly<Record<string, View>> = {
  string: { columns: [], size: ["STRLEN", "bytes"], read: readString },
  hash: { columns: ["Field", "Value"], size: ["HLEN", "fields"], read: (store, key, from) => readScan(store, ["HSCAN", key], from, 2) },
  set: { columns: ["Member"], size: ["SCARD", "members"], read: (store, key, from) => readScan(store, ["SSCAN", key], from, 1) },
  list: { columns: ["Index", "Element"], size: ["LLEN", "elements"], read: readList },
  zset: { columns: ["Score", "Member"], size: ["ZCARD", "members"], read: readSortedSet },
  stream: { columns: ["ID", "Fields"], size: ["XLEN", "entries"], read: readStream },
};

async function readString(store: Store, key: Uint8Array, from: string): Promise<Page> {
  const start = Number(from);
  const bytes = await store.askBytes<Uint8Array>(["GETRANGE", key, start, start + STRING_BYTES - 1]);
  return { rows: [[bytes]], next: bytes.length < STRING_BYTES ? undefined : String(start + STRING_BYTES) };
}

async function readScan(store: Store, command: [string, Uint8Array], from: string, width: number): Promise<Page> {
  const reply = await store.askBytes<[Uint8Array, Reply[]]>([...command, from, "COUNT", ROWS]);
  const cursor = textOfCell(cellOf(reply[0]));
  return { rows: rowsOf(reply[1], width), next: cursor === "0" ? undefined : cursor };
}

async function readList(store: Store, key: Uint8Array, from: string): Promise<Page> {
  const start = Number(from);
  const elements = await store.askBytes<Reply[]>(["LRANGE", key, start, start + ROWS - 1]);
  const rows = elements.map((element, at) => [String(start + at), cellOf(element)]);
  return { rows, next: nextOf(start, rows.length) };
}

async function readSortedSet(store: Store, key: Uint8Array, from: string): Promise<Page> {
  const start = Number(from);
  const reply = await store.askBytes<Reply[]>(["ZRANGE", key, start, start + ROWS - 1, "WITHSCORES"]);
  const rows = rowsOf(reply.flat(), 2).map(([member = "", score = ""]) => [score, member]);
  return { rows, next: nextOf(start, rows.length) };
}

async function readStream(store: Store, key: Uint8Array, from: string): Promise<Page> {
  const start = from === "0" ? "-" : `(${from}`;
  const entries = await store.askBytes<[Reply, Reply[]][]>(["XRANGE", key, start, "+", "COUNT", ROWS]);
  const rows = entries.map(([id, fields]) => [cellOf(id), rowsOf(fields, 2).map((pair) => pair.map(textOfCell).join(": ")).join("\n")]);
  const last = rows.at(-1)?.[0];
  return { rows, next: rows.length < ROWS || last === undefined ? undefined : textOfCell(last) };
}

function nextOf(start: number, length: number): string | undefined {
  return length < ROWS ? undefined : String(start + length);
}

function rowsOf(flat: readonly Reply[], width: number): Cell[][] {
  const rows: Cell[][] = [];
  for (let at = 0; at < flat.length; at += width) rows.push(flat.slice(at, at + width).map(cellOf));
  return rows;
}

function cellOf(reply: Reply): Cell {
  return reply instanceof Uint8Array ? reply : String(reply);
}

function textOfCell(cell: Cell): string {
  return typeof cell === "string" ? cell : new TextDecoder().decode(cell);
}

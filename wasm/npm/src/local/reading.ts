/**
 * What is stored, put together from its records as they are read: the pages of the checkpoint, the log of earlier owners,
 * and the log of the last one, up to where a crash ended it. Each record is looked at once, in the order of its key.
 */
import { StoreError } from "../reply.js";
import { corrupt, unseal, type Frame } from "./frame.js";
import { firstKey, type Manifest } from "./manifest.js";

type KeyRange = readonly [first: number, last: number];

/** A store that is being read. */
export class Reading {
  /** What is stored, so far. */
  readonly pieces: Uint8Array[] = [];
  /** The keys of all pages and of the whole log, whether the manifest names them or not. */
  readonly pageKeys: number[] = [];
  readonly logKeys: number[] = [];
  readonly #manifest: Manifest;
  readonly #found: (piece: Uint8Array) => void;
  readonly #pages: Runs;
  readonly #segments: Runs;
  /** The key that continues the last owner's log, while it goes on. */
  #next: number | undefined;
  /** What of a flush has been read that is not complete yet. */
  #flush: Frame[] = [];
  #last: number | undefined;
  #bytesBehind = 0;

  /** `found` is told of each piece as soon as it is known to count. */
  constructor(manifest: Manifest, found: (piece: Uint8Array) => void = () => {}) {
    const { first, count } = manifest.pages;
    this.#manifest = manifest;
    this.#found = found;
    this.#pages = new Runs(count > 0 ? [[first, first + count - 1]] : [], (key) => `page ${key - first} of the checkpoint`);
    this.#segments = new Runs(manifest.segments, logRecord);
    this.#next = manifest.start;
  }

  /** The key of the last log record that counts, of those of the last owner. */
  get last(): number | undefined {
    return this.#last;
  }

  /** The bytes of what the last owner wrote behind the end of its log. */
  get bytesBehind(): number {
    return this.#bytesBehind;
  }

  /** The next page. */
  page(key: number, record: unknown): void {
    this.pageKeys.push(key);
    const frame = this.#pages.take(key, record);
    if (frame) this.#add(frame);
  }

  /** The next record of the log; there are no more pages. */
  log(key: number, record: unknown): void {
    if (this.logKeys.length === 0) this.#pages.end();
    this.logKeys.push(key);
    const frame = this.#segments.take(key, record);
    if (frame) this.#add(frame);
    else if (key >= this.#manifest.start) this.#tail(key, record);
  }

  /** There is no more. */
  end(): void {
    this.#pages.end();
    this.#segments.end();
  }

  #tail(key: number, record: unknown): void {
    if (record instanceof Uint8Array) this.#bytesBehind += record.length;
    if (key !== this.#next) return this.#cut();
    const frame = placed(unseal(record, logRecord(key)), key, logRecord(key));
    if (!frame) return this.#cut();
    this.#next = key + 1;
    this.#flush.push(frame);
    if (!frame.isLast) return;
    this.#last = key;
    this.#bytesBehind = 0;
    for (const complete of this.#flush) this.#add(complete);
    this.#flush = [];
  }

  #cut(): void {
    this.#next = undefined;
  }

  #add({ payload }: Frame): void {
    this.pieces.push(payload);
    this.#found(payload);
  }
}

/** Runs of keys, of which each has to be there: what was durable when it was named. */
class Runs {
  readonly #runs: readonly KeyRange[];
  readonly #name: (key: number) => string;
  #at = 0;
  #next: number | undefined;

  constructor(runs: readonly KeyRange[], name: (key: number) => string) {
    this.#runs = runs;
    this.#name = name;
    this.#next = runs[0]?.[0];
  }

  /** The record with the next key that there is; undefined when it is in no run. */
  take(key: number, record: unknown): Frame | undefined {
    const run = this.#runs[this.#at];
    if (!run || key < run[0]) return undefined;
    if (key !== this.#next) this.end();
    const what = this.#name(key);
    const frame = placed(unseal(record, what), key, what);
    if (!frame) throw new StoreError("CORRUPT", `${what} is cut short`);
    this.#next = key < run[1] ? key + 1 : this.#runs[++this.#at]?.[0];
    return frame;
  }

  /** There is no more. */
  end(): void {
    if (this.#next !== undefined) throw new StoreError("CORRUPT", `${this.#name(this.#next)} is missing`);
  }
}

function logRecord(key: number): string {
  return `log record ${key}`;
}

/** The frame, if it was written for this key. */
function placed(frame: Frame | undefined, key: number, what: string): Frame | undefined {
  if (frame && firstKey(frame.owner) + frame.sequence !== key) throw corrupt(what);
  return frame;
}

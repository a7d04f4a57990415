/**
 * A {@link Storage} in a database of records: a log with one or more records per flush, and the pages of the last
 * checkpoint.
 *
 * A checkpoint takes three steps, each on the disk before the next one begins: its pages are written beside the ones
 * before, in transactions of bounded size, while nothing refers to them; a new manifest names them and cuts the log;
 * what it no longer names is deleted. So a crash leaves the old state or the new one, whatever it does to writes that
 * were on their way, and pages that no manifest names, which go when the store is opened.
 *
 * Who opens the store raises its epoch. An owner that was suspended and has been replaced finds the greater epoch
 * with its next write and stops; what it wrote meanwhile carries keys that the manifest does not name.
 *
 * A crash may cost the end of the log: records that are missing, cut short, or belong to a flush that is not complete.
 * The log ends before them. Whatever else is wrong with a record is damage, and named.
 */
import { StoreError } from "../reply.js";
import { sealAll } from "./frame.js";
import { decodeManifest, EMPTY, encodeManifest, EPOCH_SPAN, firstKey, keyOf, succeed, type Manifest } from "./manifest.js";
import { Reading } from "./reading.js";
import { TABLES, type Durability, type Records, type Table, type Transaction } from "./records.js";
import type { Storage } from "./storage.js";

/** How many pages of a checkpoint one transaction writes. */
const PAGES_AT_ONCE = 64;

type KeyRange = readonly [from: number, to: number];

/** A store's data in a database. */
export class RecordStorage implements Storage {
  cutBytes = 0;
  readonly #name: string;
  readonly #records: Records;
  readonly #durability: Durability;
  #manifest: Manifest = EMPTY;
  #nextLog = 0;
  #nextPage = 0;

  /** `name` is what errors call the store. */
  constructor(name: string, records: Records, durability: Durability = "relaxed") {
    this.#name = name;
    this.#records = records;
    this.#durability = durability;
  }

  async read(found?: (piece: Uint8Array) => void): Promise<Uint8Array[]> {
    const transaction = await this.#begin(TABLES, "strict");
    const meta = await transaction.getAll("meta");
    const reading = await this.#explained(async () => {
      const begun = new Reading(decodeManifest(meta), found);
      await transaction.each("page", (key, record) => begun.page(key, record));
      await transaction.each("log", (key, record) => begun.log(key, record));
      begun.end();
      return begun;
    });
    const taken = succeed(decodeManifest(meta), reading.last);
    this.cutBytes = reading.bytesBehind;
    transaction.put("meta", keyOf(taken), encodeManifest(taken));
    await transaction.commit();
    this.#manifest = taken;
    this.#nextLog = taken.start;
    this.#nextPage = firstKey(taken.epoch);
    await this.#sweep("page", reading.pageKeys.filter((key) => !isPage(taken, key)).map(alone));
    await this.#sweep("log", reading.logKeys.filter((key) => !isLog(taken, key)).map(alone));
    return reading.pieces;
  }

  async append(bytes: Uint8Array): Promise<void> {
    const tables = ["log", "meta"] as const;
    // From here to commit() nothing awaits while the database is open: a page that is being closed gets no further turn.
    const transaction = this.#records.begin(tables, this.#durability) ?? (await this.#begin(tables, this.#durability));
    const meta = transaction.getAll("meta");
    const { epoch } = this.#manifest;
    for (const record of sealAll({ owner: epoch, sequence: this.#nextLog % EPOCH_SPAN }, bytes)) {
      transaction.put("log", this.#nextLog++, record);
    }
    await transaction.commit();
    this.#checkOwner(await meta);
  }

  async replace(pieces: readonly Uint8Array[]): Promise<void> {
    const first = this.#nextPage;
    // What is appended from here on, while the pages are being written, is not in them.
    const start = this.#nextLog;
    try {
      for (const piece of pieces) await this.#putPages(piece);
    } catch (error) {
      // They take room that may be what is missing.
      await this.#sweep("page", [[first, this.#nextPage]]);
      throw error;
    }
    // When this fails nobody knows whether it has happened, so what was and what should be both stay.
    await this.#install(first, start);
    await this.#sweep("page", [[0, first]]);
    await this.#sweep("log", [[0, start]]);
  }

  close(): Promise<void> {
    return this.#records.close();
  }

  async #begin(tables: readonly Table[], durability: Durability): Promise<Transaction> {
    await this.#records.open();
    const transaction = this.#records.begin(tables, durability);
    if (!transaction) throw new StoreError("STORAGE", "the browser dropped the database as soon as it was open");
    return transaction;
  }

  async #putPages(piece: Uint8Array): Promise<void> {
    const { epoch } = this.#manifest;
    const records = [...sealAll({ owner: epoch, sequence: this.#nextPage % EPOCH_SPAN }, piece)];
    for (let at = 0; at < records.length; at += PAGES_AT_ONCE) {
      const transaction = await this.#begin(["page", "meta"], "relaxed");
      this.#checkOwner(await transaction.getAll("meta"));
      for (const record of records.slice(at, at + PAGES_AT_ONCE)) transaction.put("page", this.#nextPage++, record);
      await transaction.commit();
    }
  }

  /** Makes the pages from `first` on the checkpoint, in the place of the one before and of the log up to `start`. */
  async #install(first: number, start: number): Promise<void> {
    // Says nothing new, and so puts the pages on the disk.
    await this.#putManifest({});
    const pages = { first, count: this.#nextPage - first };
    await this.#putManifest({ pages, segments: [], start });
  }

  async #putManifest(changes: Partial<Manifest>): Promise<void> {
    const next = { ...this.#manifest, ...changes, serial: this.#manifest.serial + 1 };
    const transaction = await this.#begin(["meta"], "strict");
    this.#checkOwner(await transaction.getAll("meta"));
    transaction.put("meta", keyOf(next), encodeManifest(next));
    await transaction.commit();
    this.#manifest = next;
  }

  /** Deletes what nothing refers to, never before what refers to the rest is on the disk. Where it fails, the next owner does it. */
  async #sweep(table: Table, ranges: readonly KeyRange[]): Promise<void> {
    if (ranges.length === 0) return;
    try {
      const transaction = await this.#begin([table], "relaxed");
      for (const [from, to] of ranges) transaction.delete(table, from, to);
      await transaction.commit();
    } catch {
      return;
    }
  }

  #checkOwner(meta: readonly unknown[]): void {
    if (decodeManifest(meta).epoch === this.#manifest.epoch) return;
    throw new StoreError("FENCED", `store "${this.#name}" was taken over by another tab: reload this one to see its data`);
  }

  async #explained<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "CORRUPT") throw error;
      throw new StoreError(
        "CORRUPT",
        `store "${this.#name}" cannot be read: ${error.message}. Restore it from a backup, or start empty with ` +
          `deleteStore("${this.#name}")`,
        { cause: error },
      );
    }
  }
}

function alone(key: number): KeyRange {
  return [key, key + 1];
}

function isPage({ pages }: Manifest, key: number): boolean {
  return pages.first <= key && key < pages.first + pages.count;
}

function isLog({ segments }: Manifest, key: number): boolean {
  return segments.some(([first, last]) => first <= key && key <= last);
}

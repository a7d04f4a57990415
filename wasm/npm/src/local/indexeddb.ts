/**
 * IndexedDB as a {@link Storage}: a log with one or more records per flush, and the pages of the last checkpoint.
 *
 * One database per store with three object stores, `log`, `page` and `meta`; every value is a `Uint8Array` below
 * 64 KiB. Appends are relaxed, which survives a killed browser but not a power cut; the step that replaces the
 * pages and cuts the log is strict, because a cut that reached the disk before its pages would lose everything.
 *
 * Who opens the store raises its epoch. An owner that was suspended and has been replaced finds the greater epoch
 * with its next write and stops; what it wrote meanwhile carries keys that the manifest does not name.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { StoreError } from "../reply.js";
import { sealAll, unseal } from "./frame.js";
import { decodeManifest, EMPTY, encodeManifest, firstKey, isValid, succeed, type Manifest } from "./manifest.js";
import type { Storage } from "./storage.js";

interface Schema extends DBSchema {
  log: { key: number; value: Uint8Array };
  page: { key: number; value: Uint8Array };
  meta: { key: string; value: Uint8Array };
}

type Database = IDBPDatabase<Schema>;

const LAYOUT = 1;
const MANIFEST = "manifest";
const OPEN_TIMEOUT_MS = 10_000;
const STORES = ["log", "page", "meta"] as const;

/** The database's name for a store's name. */
export function databaseName(store: string): string {
  return `redstart:${store}`;
}

/** A store's data in IndexedDB. */
export class IndexedDbStorage implements Storage {
  readonly #name: string;
  #database: Database | undefined;
  #manifest: Manifest = EMPTY;
  #nextKey = 0;

  constructor(store: string) {
    this.#name = store;
  }

  async read(): Promise<Uint8Array[]> {
    const database = await this.#open();
    const transaction = database.transaction(STORES, "readwrite");
    const [record, pages, keys, log] = await Promise.all([
      transaction.objectStore("meta").get(MANIFEST),
      transaction.objectStore("page").getAll(),
      transaction.objectStore("log").getAllKeys(),
      transaction.objectStore("log").getAll(),
    ]);
    const found = this.#explained(() => decodeManifest(record));
    const valid = keys.filter((key) => isValid(found, key));
    const taken = succeed(found, valid);
    void transaction.objectStore("meta").put(encodeManifest(taken), MANIFEST);
    transaction.commit();
    await transaction.done;
    this.#manifest = taken;
    this.#nextKey = firstKey(taken.epoch);
    return this.#explained(() => [
      ...pagesOf(found, pages),
      ...keys.flatMap((key, at) => (isValid(found, key) ? [unseal(log[at], `log record ${key}`).payload] : [])),
    ]);
  }

  async append(bytes: Uint8Array): Promise<void> {
    const database = this.#database ?? (await this.#open());
    // From here to commit() nothing awaits: a page that is being closed gets no further turn.
    const transaction = database.transaction(["log", "meta"], "readwrite", { durability: "relaxed" });
    const owner = transaction.objectStore("meta").get(MANIFEST);
    for (const record of sealAll(this.#manifest.epoch, bytes)) {
      void transaction.objectStore("log").put(record, this.#nextKey++);
    }
    transaction.commit();
    await transaction.done;
    this.#checkOwner(await owner);
  }

  async replace(pieces: readonly Uint8Array[]): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(STORES, "readwrite", { durability: "strict" });
    const [log, page, meta] = STORES.map((name) => transaction.objectStore(name));
    this.#checkOwner(await meta?.get(MANIFEST));
    const generation = this.#manifest.generation + 1;
    const pages = pieces.flatMap((piece) => sealAll(generation, piece));
    const next: Manifest = { ...this.#manifest, generation, pages: pages.length, segments: [] };
    void log?.clear();
    void page?.clear();
    pages.forEach((record, at) => void page?.put(record, at));
    void meta?.put(encodeManifest(next), MANIFEST);
    transaction.commit();
    await transaction.done;
    this.#manifest = next;
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }

  /** The connection is disposable: browsers drop it when they feel like it, and it is opened again. */
  async #open(): Promise<Database> {
    this.#database ??= await within(
      OPEN_TIMEOUT_MS,
      openDB<Schema>(databaseName(this.#name), LAYOUT, {
        upgrade: (database) => STORES.forEach((name) => void database.createObjectStore(name)),
        blocking: () => void this.close(),
        terminated: () => (this.#database = undefined),
      }),
      `IndexedDB did not open within ${OPEN_TIMEOUT_MS / 1000} s`,
    );
    return this.#database;
  }

  #checkOwner(record: Uint8Array | undefined): void {
    if (decodeManifest(record).epoch === this.#manifest.epoch) return;
    throw new StoreError("FENCED", `store "${this.#name}" was taken over by another tab: reload this one to see its data`);
  }

  #explained<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "CORRUPT") throw error;
      throw new StoreError(
        "CORRUPT",
        `store "${this.#name}" cannot be read: ${error.message}. Restore it from a backup, or start empty with ` +
          `indexedDB.deleteDatabase("${databaseName(this.#name)}")`,
        { cause: error },
      );
    }
  }
}

function pagesOf(manifest: Manifest, records: readonly unknown[]): Uint8Array[] {
  if (records.length !== manifest.pages) {
    throw new StoreError("CORRUPT", `the checkpoint has ${records.length} pages instead of ${manifest.pages}`);
  }
  return records.map((record, at) => {
    const { tag, payload } = unseal(record, `page ${at}`);
    if (tag !== manifest.generation) throw new StoreError("CORRUPT", `page ${at} belongs to another checkpoint`);
    return payload;
  });
}

async function within<T>(milliseconds: number, work: Promise<T>, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreError("TIMEOUT", message)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

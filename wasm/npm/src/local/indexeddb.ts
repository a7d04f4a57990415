/**
 * IndexedDB as {@link Records}: one database per store with an object store per table; every value is a `Uint8Array`
 * below 64 KiB.
 */
import { deleteDB, openDB, unwrap, type DBSchema, type IDBPDatabase, type IDBPTransaction } from "../vendor/idb.js";
import { StoreError } from "../reply.js";
import { LAYOUT } from "./manifest.js";
import { TABLES, type Durability, type Records, type Table, type Transaction } from "./records.js";
import { upgradeFromFirst } from "./upgrade.js";

interface Schema extends DBSchema {
  log: { key: number; value: Uint8Array };
  page: { key: number; value: Uint8Array };
  meta: { key: number; value: Uint8Array };
}

type Database = IDBPDatabase<Schema>;

const OPEN_TIMEOUT_MS = 10_000;
/** How long a transaction may take. Some browsers lose one without a word. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/**
 * How many records are read with one request. In Chromium, 13 MB in 212 records take 250 ms with a single getAll(), 100 ms
 * with a get() for each, and 80 ms in fours.
 */
const RECORDS_AT_ONCE = 4;

/** The database's name for a store's name. */
export function databaseName(store: string): string {
  return `redstart:${store}`;
}

/** Deletes a store's database. */
export function deleteDatabase(store: string): Promise<void> {
  return deleteDB(databaseName(store));
}

/** A store's database. */
export class IndexedDbRecords implements Records {
  readonly #name: string;
  #database: Database | undefined;

  constructor(store: string) {
    this.#name = store;
  }

  async open(): Promise<void> {
    // The connection is disposable: browsers drop it when they feel like it, and it is opened again.
    this.#database ??= await within(
      OPEN_TIMEOUT_MS,
      this.#opened(),
      `IndexedDB did not open within ${OPEN_TIMEOUT_MS / 1000} s: another tab may have an older version of the store open`,
    );
  }

  async #opened(): Promise<Database> {
    let failure: unknown;
    const upgrade = async (transaction: IDBTransaction): Promise<void> => {
      try {
        await upgradeFromFirst(transaction);
      } catch (error) {
        failure = error;
        transaction.abort();
      }
    };
    try {
      return await openDB<Schema>(databaseName(this.#name), LAYOUT, {
        upgrade: (database, from, _to, transaction) => {
          // That it fails is told by the opening.
          transaction.done.catch(() => {});
          if (from === 0) for (const table of TABLES) database.createObjectStore(table);
          else void upgrade(unwrap(transaction));
        },
        blocking: () => void this.close(),
        terminated: () => (this.#database = undefined),
      });
    } catch (error) {
      throw failure ?? error;
    }
  }

  begin(tables: readonly Table[], durability: Durability): Transaction | undefined {
    try {
      const transaction = this.#database?.transaction([...tables], "readwrite", { durability });
      return transaction && new IndexedDbTransaction(transaction, () => void this.close());
    } catch {
      // The browser has closed the connection and not told yet.
      this.#database = undefined;
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = undefined;
  }
}

class IndexedDbTransaction implements Transaction {
  readonly #transaction: IDBPTransaction<Schema, Table[], "readwrite">;
  readonly #drop: () => void;

  /** `drop` lets go of a connection that does not answer. */
  constructor(transaction: IDBPTransaction<Schema, Table[], "readwrite">, drop: () => void) {
    this.#transaction = transaction;
    this.#drop = drop;
    // Whoever commits hears of it; one that is left alone has nobody.
    transaction.done.catch(() => {});
  }

  getAll(table: Table): Promise<unknown[]> {
    return this.#answered(this.#transaction.objectStore(table).getAll());
  }

  async each(table: Table, found: (key: number, record: unknown) => void): Promise<void> {
    const store = this.#transaction.objectStore(table);
    const keys = await this.#answered(store.getAllKeys());
    const batches: [number[], Promise<unknown[]>][] = [];
    for (let at = 0; at < keys.length; at += RECORDS_AT_ONCE) {
      const batch = keys.slice(at, at + RECORDS_AT_ONCE);
      const records = store.getAll(IDBKeyRange.bound(batch[0], batch.at(-1)));
      // When the transaction fails, the first one that is waited for tells.
      records.catch(() => {});
      batches.push([batch, records]);
    }
    // All have been asked for: while one is looked at, the browser reads the next.
    for (const [batch, asked] of batches) {
      const records = await this.#answered(asked);
      batch.forEach((key, at) => found(key, records[at]));
    }
  }

  put(table: Table, key: number, record: Uint8Array): void {
    // Why it failed is told by the transaction, which fails with it.
    this.#transaction.objectStore(table).put(record, key).catch(() => {});
  }

  delete(table: Table, from: number, to: number): void {
    if (from >= to) return;
    this.#transaction.objectStore(table).delete(IDBKeyRange.bound(from, to, false, true)).catch(() => {});
  }

  commit(): Promise<void> {
    this.#transaction.commit();
    return this.#answered(this.#transaction.done);
  }

  async #answered<T>(work: Promise<T>): Promise<T> {
    try {
      return await within(TRANSACTION_TIMEOUT_MS, work, `IndexedDB did not answer within ${TRANSACTION_TIMEOUT_MS / 1000} s`);
    } catch (error) {
      if (error instanceof StoreError && error.code === "TIMEOUT") this.#drop();
      throw error;
    }
  }
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

/**
 * A store kept in a Durable Object's storage: its records stand there as values of at most 60 KiB, each write in one
 * transaction.
 */
import { RecordStorage } from "./local/record-storage.js";
import { TABLES, type Records, type Table, type Transaction } from "./local/records.js";
import type { Storage } from "./local/storage.js";

/** What of a Durable Object's `ctx.storage` is needed. */
export interface DurableObjectStorage {
  /** What is stored under keys that begin so, in their order. */
  list(options: { prefix: string }): Promise<Map<string, unknown>>;
  /** Stores entries, 128 at most. */
  put(entries: Record<string, Uint8Array>): Promise<void>;
  /** Deletes keys, 128 at most. */
  delete(keys: string[]): Promise<number>;
  /** Does all or nothing. */
  transaction<T>(work: (transaction: DurableObjectStorage) => Promise<T>): Promise<T>;
  /** Resolves when what was stored is on the disk. */
  sync(): Promise<void>;
}

/** The storage of a Durable Object, for `persist`. Several stores in one object need a prefix each. */
export function durableObject(storage: DurableObjectStorage, prefix = "redstart"): Storage {
  return new RecordStorage(prefix, new DurableRecords(storage, prefix), "strict");
}

/** How many keys one call takes. */
const KEYS_MAX = 128;

class DurableRecords implements Records {
  readonly #storage: DurableObjectStorage;
  readonly #prefix: string;

  constructor(storage: DurableObjectStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  async open(): Promise<void> {}

  begin(): Transaction {
    return new DurableTransaction(this.#storage, this.#prefix);
  }

  async close(): Promise<void> {
    await this.#storage.sync();
  }
}

/** Reads at once; what it writes is put together, and done in one transaction at its end. */
class DurableTransaction implements Transaction {
  readonly #storage: DurableObjectStorage;
  readonly #prefix: string;
  readonly #puts = new Map<string, Uint8Array>();
  readonly #deletes: { table: Table; from: number; to: number }[] = [];

  constructor(storage: DurableObjectStorage, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  async getAll(table: Table): Promise<unknown[]> {
    return [...(await this.#storage.list({ prefix: this.#name(table) })).values()];
  }

  async each(table: Table, found: (key: number, record: unknown) => void): Promise<void> {
    const prefix = this.#name(table);
    for (const [key, record] of await this.#storage.list({ prefix })) found(Number(key.slice(prefix.length)), record);
  }

  put(table: Table, key: number, record: Uint8Array): void {
    this.#puts.set(this.#key(table, key), record);
  }

  delete(table: Table, from: number, to: number): void {
    this.#deletes.push({ table, from, to });
  }

  async commit(): Promise<void> {
    await this.#storage.transaction(async (transaction) => {
      for (const { table, from, to } of this.#deletes) {
        const records = await transaction.list({ prefix: this.#name(table) });
        const [first, last] = [this.#key(table, from), this.#key(table, to)];
        const keys = [...records.keys()].filter((key) => first <= key && key < last);
        for (let at = 0; at < keys.length; at += KEYS_MAX) await transaction.delete(keys.slice(at, at + KEYS_MAX));
      }
      const puts = [...this.#puts];
      for (let at = 0; at < puts.length; at += KEYS_MAX) await transaction.put(Object.fromEntries(puts.slice(at, at + KEYS_MAX)));
    });
    await this.#storage.sync();
  }

  #name(table: Table): string {
    return `${this.#prefix}:${TABLES.indexOf(table)}:`;
  }

  /** Numbers in the order of texts. */
  #key(table: Table, key: number): string {
    return this.#name(table) + String(key).padStart(16, "0");
  }
}

/**
 * What a {@link RecordStorage} needs of a database: three tables of records by number, and transactions over them.
 *
 * A browser has IndexedDB for it; tests have one that fails, forgets and damages in every way that a disk can.
 */

/** A table. */
export type Table = "log" | "page" | "meta";

/** All tables. */
export const TABLES: readonly Table[] = ["log", "page", "meta"];

/** `relaxed`: survives a killed browser. `strict`: survives a power cut, with everything before it. */
export type Durability = "relaxed" | "strict";

/** Reads and writes that happen together or not at all. It ends by itself when it is left alone for a turn. */
export interface Transaction {
  /** The records of a small table, in order of their keys. Asked for at once. */
  getAll(table: Table): Promise<unknown[]>;
  /** Gives the records of a large table, in order of their keys, as they are read. Nothing else may be asked for meanwhile. */
  each(table: Table, found: (key: number, record: unknown) => void): Promise<void>;
  /** Writes a record. */
  put(table: Table, key: number, record: Uint8Array): void;
  /** Deletes the records from one key to another, which is not deleted. */
  delete(table: Table, from: number, to: number): void;
  /** Ends it. Resolves when it is as durable as it was asked to be. */
  commit(): Promise<void>;
}

/** A database. */
export interface Records {
  /** Opens it. An open one stays open until the browser drops it. */
  open(): Promise<void>;
  /** Begins a transaction, at once; nothing when the database has to be opened first. */
  begin(tables: readonly Table[], durability: Durability): Transaction | undefined;
  /** Lets go of it. */
  close(): Promise<void>;
}

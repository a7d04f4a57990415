/**
 * Where a store's data lives between two lives of the process.
 *
 * What is kept is one stream of bytes: the last checkpoint, then everything since. Pieces may be cut anywhere; read
 * back in order they have to be the same stream. The stream is of commands; its first piece may be an RDB file instead.
 */
export interface Storage {
  /**
   * Takes the storage over and gives everything in it, in order. Called once, before anything else. The first pieces may be
   * told of as they are found, so that they are being loaded while the rest is being read.
   */
  read(found?: (piece: Uint8Array) => void): Promise<Uint8Array[]>;
  /** Adds to the stream. Resolves when it is durable. Must start to write before it first awaits. */
  append(bytes: Uint8Array): Promise<void>;
  /** Replaces the whole stream, atomically. Resolves when it is durable. */
  replace(pieces: readonly Uint8Array[]): Promise<void>;
  /** Lets go of everything. */
  close(): Promise<void>;
  /** How many bytes that a crash left half-written were left out; known once it has been read. */
  readonly cutBytes?: number;
}

/** How the storage is doing. */
export interface StorageState {
  /** `ok`: written; `degraded`: the last write failed, memory goes on and it is tried again; `memory`: nothing is kept. */
  state: "ok" | "degraded" | "memory";
  /** Why, unless it is `ok`. */
  error?: Error;
  /** Told when the store opens after a crash: how many bytes at the end were half-written, and are left out. */
  cutBytes?: number;
}

/**
 * Answers, in the shapes of RESP2: nothing, a number, a text or bytes, or a list of answers.
 *
 * Every transport gives these shapes, so that a command decodes its answer once. A failed command inside a list
 * (a pipeline, EXEC) is a {@link RedisError} in its place.
 */
export type Reply = null | number | string | Uint8Array | RedisError | Reply[];

/** How strings in an answer are given: parsed as JSON where they are JSON, as text, or as bytes. */
export type Form = "json" | "text" | "bytes";

/** What the store answered instead of a result. */
export class RedisError extends Error {
  override readonly name = "RedisError";
  /** The word that a program branches on: `WRONGTYPE`, `NOAUTH`, `ERR`, ... */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly temporary: boolean;

  constructor(message: string, options: { code?: string; temporary?: boolean } = {}) {
    super(message);
    this.code = options.code ?? message.split(" ", 1)[0] ?? "ERR";
    this.temporary = options.temporary ?? false;
  }
}

/** What went wrong around the store: its storage, its connection, or how it was used. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** The word that a program branches on. */
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The kinds of {@link StoreError}. */
export type StoreErrorCode =
  /** The store was closed. */
  | "CLOSED"
  /** Another tab holds the store, and does not share it. */
  | "LOCKED"
  /** Another tab writes: what has to be answered at once cannot be written here. */
  | "FOLLOWER"
  /** Another tab took the store over while this one was suspended. */
  | "FENCED"
  /** What is stored does not have the checksum that was stored with it. */
  | "CORRUPT"
  /** The storage refused to read or write. */
  | "STORAGE"
  /** The storage is full. */
  | "QUOTA"
  /** The WebAssembly module could not be loaded or died. */
  | "WASM"
  /** The gateway could not be reached. */
  | "CONNECTION"
  /** A time limit passed. */
  | "TIMEOUT"
  /** The request may or may not have run. */
  | "UNKNOWN_FATE"
  /** This kind of store cannot do that. */
  | "UNSUPPORTED";

/** The answer, or its error thrown. */
export function resultOf(reply: Reply): Exclude<Reply, RedisError> {
  if (reply instanceof RedisError) throw reply;
  return reply;
}

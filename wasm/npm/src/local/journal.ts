/**
 * Writes effects to a {@link Storage} behind the store's back: within some milliseconds, many in one go.
 *
 * Memory is the truth and the storage follows it. When a write fails, the store goes on, says so, and the next
 * attempt writes a whole checkpoint, which makes whatever was lost in between irrelevant.
 */
import { StoreError } from "../reply.js";
import { concat } from "./bytes.js";
import type { Storage, StorageState } from "./storage.js";

/** How long an effect may wait for company. Data of a page that is left in this time may be lost. */
const FLUSH_DELAY_MS = 5;
/** A checkpoint is due when the log is longer than this, and than half of the last checkpoint. */
const CHECKPOINT_LOG_BYTES = 1 << 20;
const RETRY_MS = { min: 500, max: 30_000 };

/** What a journal needs to know of the store. */
export interface JournalSource {
  /** Hands all effects so far to {@link Journal.add}. */
  drain(): void;
  /** All data as pieces of a stream. Effects have been drained. */
  snapshot(): Uint8Array[];
  /** The storage's state has changed. */
  changed(state: StorageState): void;
  /** What stands at the end of every write, if anything does. Effects have been drained. */
  mark?(): Uint8Array | undefined;
}

/** Keeps a store's effects. */
export class Journal {
  readonly #storage: Storage;
  readonly #source: JournalSource;
  #pending: Uint8Array[] = [];
  #logBytes: number;
  #checkpointBytes = 0;
  /** The storage misses effects, so only a checkpoint can make it whole. */
  #behind = false;
  #failure: StoreError | undefined;
  #retryMs = RETRY_MS.min;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** How many writes are on their way: one, or more when a page that may end cannot wait for it. */
  #busy = 0;
  #isCheckpointing = false;
  #isAbandoned = false;
  /** How many times there was something to write, up to which of them it is written, and, with all before it, durable. */
  #added = 0;
  #written = 0;
  #kept = 0;

  constructor(storage: Storage, source: JournalSource, storedBytes: number) {
    this.#storage = storage;
    this.#source = source;
    this.#logBytes = storedBytes;
  }

  /** Takes effects to be written soon. */
  add(effects: Uint8Array): void {
    this.#added++;
    if (this.#behind) return;
    this.#pending.push(effects);
    if (this.#busy === 0) this.#schedule(FLUSH_DELAY_MS);
  }

  /** Resolves when all effects so far are durable; throws when they cannot be. */
  async flush(): Promise<void> {
    this.#source.drain();
    const wanted = this.#added;
    while (this.#kept < wanted) {
      // What is being written now may lack the last of it; several who wait share the next write.
      await (this.#busy > 0 ? this.#writing : this.#write());
      if (this.#failure) throw this.#failure;
    }
  }

  /** Where the effects so far end, for {@link Journal.acknowledge}. */
  get position(): number {
    return this.#added;
  }

  /**
   * Resolves when whatever a command has seen is durable. While the storage fails, a command that has added effects since
   * `position` is told so at once, and those that only read go on.
   */
  async acknowledge(position: number): Promise<void> {
    this.#source.drain();
    if (!this.#failure) return this.flush();
    if (this.#added > position) throw this.#failure;
  }

  /** Keeps all data anew, because effects do not tell of what happened to them. */
  async rewrite(): Promise<void> {
    this.#added++;
    this.#behind = true;
    this.#pending = [];
    await this.flush();
  }

  /** Starts to write without waiting for anything, for a page that may get no further turn. */
  flushNow(): void {
    this.#source.drain();
    // A log that goes on while a checkpoint is not there yet would lack what is only in the checkpoint.
    const isCheckpointing = this.#busy > 0 && this.#isCheckpointing;
    if (this.#pending.length > 0 && !this.#behind && !isCheckpointing) void this.#write();
  }

  /** Flushes and lets go of the storage. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#timer);
      await this.#storage.close();
    }
  }

  /** Lets go of the storage without another word: it is somebody else's now. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    clearTimeout(this.#timer);
    this.#pending = [];
    await this.#writing.catch(() => {});
    await this.#storage.close();
  }

  #schedule(milliseconds: number): void {
    if (this.#isAbandoned) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // Whoever is at it goes on with what is left.
      if (this.#busy === 0) void this.#write();
    }, milliseconds);
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#busy++;
    const isCheckpoint = this.#isCheckpointDue();
    if (isCheckpoint) this.#source.drain();
    this.#isCheckpointing = isCheckpoint;
    const upTo = this.#added;
    const done = (isCheckpoint ? this.#checkpoint() : this.#append()).then(
      () => this.#succeeded(upTo),
      (error: unknown) => this.#failed(error),
    );
    this.#writing = Promise.all([this.#writing, done]).then(() => {});
    return this.#writing;
  }

  #isCheckpointDue(): boolean {
    return this.#behind || this.#logBytes > Math.max(CHECKPOINT_LOG_BYTES, this.#checkpointBytes / 2);
  }

  #append(): Promise<void> {
    const bytes = concat([...this.#pending, ...this.#mark()]);
    this.#pending = [];
    this.#logBytes += bytes.length;
    return this.#storage.append(bytes);
  }

  #checkpoint(): Promise<void> {
    this.#behind = false;
    // What was pending is in the snapshot.
    this.#pending = [];
    const pieces = [...this.#source.snapshot(), ...this.#mark()];
    this.#checkpointBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#logBytes = 0;
    return this.#storage.replace(pieces);
  }

  #mark(): Uint8Array[] {
    const mark = this.#source.mark?.();
    return mark ? [mark] : [];
  }

  #succeeded(upTo: number): void {
    this.#busy--;
    this.#written = Math.max(this.#written, upTo);
    if (this.#busy > 0) return;
    // Something else was lost meanwhile, or is to be written anew: only a checkpoint can make it whole.
    if (this.#behind) return this.#schedule(0);
    this.#kept = this.#written;
    this.#retryMs = RETRY_MS.min;
    if (this.#failure) {
      this.#failure = undefined;
      this.#source.changed({ state: "ok" });
    }
    if (this.#pending.length > 0) this.#schedule(0);
  }

  #failed(error: unknown): void {
    this.#busy--;
    this.#behind = true;
    this.#pending = [];
    this.#failure = explained(error);
    this.#source.changed({ state: "degraded", error: this.#failure });
    // Another owner's data must not be overwritten by a retry.
    if (this.#failure.code === "FENCED") return;
    this.#schedule(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
  }
}

function explained(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return new StoreError(
      "QUOTA",
      "the browser's storage is full: the store goes on in memory, and is kept again once there is room " +
        "(delete keys, or set maxmemory)",
      { cause: error },
    );
  }
  return new StoreError("STORAGE", `the browser's storage failed: ${String(error)}`, { cause: error });
}

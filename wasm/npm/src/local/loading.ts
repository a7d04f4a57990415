/**
 * Loads what is stored into a store that is empty, piece by piece while it is read. The stream is of commands, cut
 * anywhere; its first piece may be an RDB file.
 *
 * What ends within a command, or before its EXEC, is tried again with what follows: each time with twice as many bytes, so
 * that one that is as long as the whole stream costs no more than a few readings of it. O(n).
 */
import { StoreError } from "../reply.js";
import { lengthOf } from "./bytes.js";
import { isTrap, type WasmStore } from "./wasm-store.js";

/** What an RDB file begins with. */
const RDB = new TextEncoder().encode("REDIS");
/** A call of the store costs little beside so many bytes. */
const ENOUGH_BYTES = 100_000;

/** A store that is being loaded. */
export class Loading {
  #store: WasmStore | undefined;
  /** What has not been loaded yet. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #enoughBytes = ENOUGH_BYTES;
  #pieces = 0;
  #bytes = 0;
  #isBegun = false;
  #isOver = false;

  /** Takes the store; pieces that have come before wait for it. */
  into(store: WasmStore): void {
    this.#store = store;
    this.#load(0);
  }

  /** The next piece. */
  take(piece: Uint8Array): void {
    if (this.#isOver) return;
    this.#pieces++;
    this.#bytes += piece.length;
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    this.#load(this.#enoughBytes);
  }

  /** Takes what of all pieces has not come yet, and gives their length. Throws when they end within a command. */
  end(all: readonly Uint8Array[]): number {
    for (const piece of all.slice(this.#pieces)) this.take(piece);
    this.#load(0);
    if (this.#waitingBytes > 0) throw damaged(new Error(`it ends within a command at byte ${this.#bytes - this.#waitingBytes}`));
    return this.#bytes;
  }

  /** Takes nothing any more: something else is put into the store. */
  cancel(): void {
    this.#isOver = true;
  }

  /** Whether it was cancelled. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Loads what waits if it is this much. */
  #load(enoughBytes: number): void {
    if (!this.#store || this.#isOver || this.#waitingBytes === 0 || this.#waitingBytes < enoughBytes) return;
    try {
      if (!this.#isBegun) this.#begin(this.#store);
      this.#drop(this.#store.replayNext(this.#waiting));
    } catch (error) {
      throw isTrap(error) ? error : damaged(error);
    }
    this.#enoughBytes = Math.max(ENOUGH_BYTES, 2 * this.#waitingBytes);
  }

  #begin(store: WasmStore): void {
    this.#isBegun = true;
    store.beginReplay();
    const [first] = this.#waiting;
    if (!first || !RDB.every((byte, at) => first[at] === byte)) return;
    store.import(first);
    this.#drop(first.length);
  }

  #drop(bytes: number): void {
    const left = this.#waitingBytes - bytes;
    let kept = 0;
    const pieces: Uint8Array[] = [];
    // What is left is short, and at the end.
    for (let at = this.#waiting.length - 1; kept < left; at--) {
      const piece = this.#waiting[at] ?? new Uint8Array();
      const part = piece.subarray(Math.max(0, piece.length - (left - kept)));
      pieces.unshift(part);
      kept += part.length;
    }
    this.#waiting = pieces;
    this.#waitingBytes = left;
  }
}

/** Loads all pieces of what is stored, and gives their length. */
export function load(store: WasmStore, pieces: readonly Uint8Array[]): number {
  const loading = new Loading();
  loading.into(store);
  return loading.end(pieces);
}

function damaged(error: unknown): StoreError {
  return new StoreError("CORRUPT", `what is stored cannot be replayed: ${String(error)}`, { cause: error });
}

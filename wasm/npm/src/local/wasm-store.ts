/**
 * The wasm module's `Store`, spoken to through its memory. Nothing here knows a command.
 *
 * All stores of a realm share one instance of the module, because the glue that wasm-bindgen writes knows one, in a variable
 * of its own. So a trap in one of them costs the others their life, too: none of what lies in that memory is to be trusted
 * to be somebody else's. An instance for each store would cost less than 2 ms and 256 KiB, measured in Node.js; what it wants
 * is glue that can be made more than once.
 */
import init, { __wbg_reset_state as instantiateAnew, OutputKind, Store, type InitOutput } from "../wasm/redstart_wasm.js";
import { lengthOf } from "./bytes.js";
import { StoreError, type Form, type Reply } from "../reply.js";
import { RespReader } from "../resp.js";
import { textFrom } from "../text.js";
import type { Word } from "../values.js";

/** Where the WebAssembly module comes from: its address, its bytes, or the compiled module. */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** What came out of the store besides answers. */
export interface Outputs {
  effects(bytes: Uint8Array): void;
  push(session: number, message: Reply): void;
  reply(session: number, reply: Uint8Array): void;
}

const PIECE_BYTES = 1 << 20;
/** Up to this length copying is faster than an encoder, measured in Chromium: 0.5 and 1.2 us for 100 characters. */
const SHORT_WORD = 128;
const encoder = new TextEncoder();
/** What the console calls the levels of `redis.log`. */
const LEVELS = ["debug", "debug", "info", "warn"] as const;

let loading: Promise<InitOutput> | undefined;

/** Loads the module, once in this realm. */
export async function loadModule(source: WasmSource | Promise<WasmSource>): Promise<InitOutput> {
  loading ??= Promise.resolve(source).then(checked).then((module_or_path) => init({ module_or_path }));
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    if (error instanceof StoreError) throw error;
    throw new StoreError("WASM", `cannot load the WebAssembly module: ${String(error)}${hint(error)}`, { cause: error });
  }
}

/** Called when the instance behind all stores of this realm is not to be trusted any more. */
const poisoned = new Set<(cause: unknown) => void>();

/** Calls back once when this happens; the result forgets that. */
export function onPoisoned(callback: (cause: unknown) => void): () => void {
  poisoned.add(callback);
  return () => void poisoned.delete(callback);
}

/** Whether an error is a trap, which poisons the module. */
export function isTrap(error: unknown): boolean {
  if (!(error instanceof WebAssembly.RuntimeError)) return false;
  poison(error);
  return true;
}

/**
 * The memory of the module cannot be trusted any more, and all stores of this realm live in it: they are told, and a new
 * instance takes its place.
 */
export function poison(error: unknown): void {
  const told = [...poisoned];
  poisoned.clear();
  instantiateAnew();
  loading = init();
  for (const callback of told) callback(error);
}

/** A development server that does not find the file answers with a page: say so instead of "bad magic number". */
async function checked(source: WasmSource): Promise<WasmSource> {
  if (typeof source !== "string" && !(source instanceof URL)) return source;
  const response = await fetch(source);
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || type.includes("text/html")) {
    throw new StoreError(
      "WASM",
      `${String(source)} is not the WebAssembly module (${response.status}, ${type || "no type"}): ` +
        "serve the file redstart_wasm_bg.wasm there, or pass `wasm` to new Redis()",
    );
  }
  return type.includes("application/wasm") ? response : response.arrayBuffer();
}

function hint(error: unknown): string {
  return /Content Security Policy|unsafe-eval|blocked by CSP/i.test(String(error))
    ? " (add 'wasm-unsafe-eval' to script-src of the Content-Security-Policy)"
    : "";
}

/** Writes a line of a script. */
function log(level: number, line: Uint8Array): void {
  console[LEVELS[level] ?? "warn"](`redstart: ${textFrom(line, 0, line.length)}`);
}

/** One store. */
export class WasmStore {
  readonly #store: Store;
  readonly #module: InitOutput;
  readonly #reader = new RespReader(new Uint8Array());
  #memory = new Uint8Array();
  #view = new DataView(new ArrayBuffer(0));
  /** Where requests are written, and how much may be: asked for once, since each call costs a part of a request. */
  #input = 0;
  #inputBytes = 0;

  constructor(module: InitOutput, seed: bigint, recordEffects: boolean) {
    this.#module = module;
    this.#store = new Store(seed, recordEffects);
  }

  open(): number {
    return this.#store.open(Date.now());
  }

  close(session: number): void {
    this.#store.close(session);
  }

  /** Executes one command: its answer, or undefined when that will come later. */
  execute(session: number, words: readonly Word[], form: Form): Reply | undefined {
    const reply = this.#store.execute(Date.now(), session, this.#write(words));
    if (reply < 0) return undefined;
    if (reply === 0) return null;
    this.#refresh();
    this.#reader.reset(this.#memory, reply, form);
    return this.#reader.read();
  }

  /** Does something that becomes one step: all of it is stored, or nothing. Nothing may be drained meanwhile. */
  together<T>(work: () => T): T {
    this.#store.begin_group();
    try {
      return work();
    } finally {
      this.#store.end_group();
    }
  }

  /** Hands every output to its receiver. */
  drain(outputs: Outputs): void {
    for (let kind = this.#store.poll(); kind !== OutputKind.None; kind = this.#store.poll()) {
      if (kind === OutputKind.Effects) outputs.effects(this.#output());
      else if (kind === OutputKind.Reply) outputs.reply(this.#store.output_session(), this.#output());
      else if (kind === OutputKind.Push) outputs.push(this.#store.output_session(), new RespReader(this.#output()).read());
      else if (kind === OutputKind.Log) log(this.#store.output_level(), this.#output());
    }
  }

  /** When `handleTimeout` has something to do: milliseconds since the epoch, or infinity. */
  timeout(): number {
    return this.#store.timeout();
  }

  handleTimeout(): void {
    this.#store.handle_timeout(Date.now());
  }

  digest(): bigint {
    return this.#store.digest();
  }

  /** Replays effects. Gives the number of bytes of whole commands. */
  replay(pieces: readonly Uint8Array[]): number {
    this.beginReplay();
    return this.replayNext(pieces);
  }

  /** Begins a replay in pieces. */
  beginReplay(): void {
    this.#store.begin_replay();
  }

  /** Replays what follows the whole commands that were replayed last. */
  replayNext(pieces: readonly Uint8Array[]): number {
    const length = lengthOf(pieces);
    let at = this.#place(length);
    for (const piece of pieces) at += this.#put(piece, at);
    return this.#store.replay(length);
  }

  /** Removes all data, without effects. */
  clear(): void {
    this.replay([encoder.encode("*1\r\n$8\r\nFLUSHALL\r\n")]);
    try {
      this.replay([encoder.encode("*2\r\n$8\r\nFUNCTION\r\n$5\r\nFLUSH\r\n")]);
    } catch (error) {
      // A module without scripting has no functions to remove.
      if (error instanceof WebAssembly.RuntimeError) throw error;
    }
  }

  /** All data as commands, in pieces. Nothing may be executed until the last piece has been taken. */
  *snapshot(): Generator<Uint8Array<ArrayBuffer>> {
    this.#store.begin_snapshot();
    yield* this.#pieces(() => this.#store.next_snapshot_piece(PIECE_BYTES));
  }

  /** All data as an RDB file, in pieces. Nothing may be executed until the last piece has been taken. */
  *file(): Generator<Uint8Array<ArrayBuffer>> {
    const now = Date.now();
    this.#store.begin_file(now);
    yield* this.#pieces(() => this.#store.next_file_piece(now, PIECE_BYTES));
  }

  /** Puts an RDB file's data in the place of all data; gives the number of keys. Effects do not tell of it. */
  import(file: Uint8Array): number {
    this.#put(file, this.#place(file.length));
    return this.#store.import(Date.now(), file.length);
  }

  *#pieces(next: () => number): Generator<Uint8Array<ArrayBuffer>> {
    for (let length = next(); length > 0; length = next()) {
      this.#refresh();
      const at = this.#store.piece();
      yield this.#memory.slice(at, at + length);
    }
  }

  free(): void {
    this.#store.free();
  }

  #output(): Uint8Array {
    this.#refresh();
    const at = this.#store.output();
    return this.#memory.slice(at, at + this.#store.output_len());
  }

  /** Lays a request out in the module's memory and gives its length. */
  #write(words: readonly Word[]): number {
    const header = 4 * (words.length + 1);
    let most = header;
    for (const word of words) most += typeof word === "string" ? word.length * 3 : word.length;
    const start = this.#place(most);
    this.#view.setUint32(start, words.length, true);
    let at = start + header;
    let place = start;
    for (const word of words) {
      const length = this.#put(word, at);
      this.#view.setUint32((place += 4), length, true);
      at += length;
    }
    return at - start;
  }

  /** The address of a place for so many bytes. */
  #place(bytes: number): number {
    if (bytes > this.#inputBytes) {
      this.#input = this.#store.input(bytes);
      this.#inputBytes = bytes;
    }
    this.#refresh();
    return this.#input;
  }

  #put(word: Word, at: number): number {
    if (typeof word !== "string") {
      this.#memory.set(word, at);
      return word.length;
    }
    const plain = word.length <= SHORT_WORD && this.#putAscii(word, at);
    return plain ? word.length : encoder.encodeInto(word, this.#memory.subarray(at)).written;
  }

  /** Short words of ASCII are most words, and cheaper to copy here than to encode. */
  #putAscii(word: string, at: number): boolean {
    for (let n = 0; n < word.length; n++) {
      const code = word.charCodeAt(n);
      if (code > 127) return false;
      this.#memory[at + n] = code;
    }
    return true;
  }

  /** Growing memory replaces its buffer, and a view of the old one has no bytes any more. */
  #refresh(): void {
    if (this.#memory.length > 0) return;
    const { buffer } = this.#module.memory;
    this.#memory = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}

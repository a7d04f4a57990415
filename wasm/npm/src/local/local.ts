/** A store in this process: the wasm module, its storage, and the clock that drives both. */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import { RedisError, resultOf, StoreError, type Form, type Reply } from "../reply.js";
import { RespReader } from "../resp.js";
import { SyncRedis } from "../sync.js";
import { textOf } from "../values.js";
import { lengthOf } from "./bytes.js";
import { Journal } from "./journal.js";
import type { Storage, StorageState } from "./storage.js";
import { loadModule, WasmStore, type WasmSource } from "./wasm-store.js";

/** The longest delay that timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Before the next task, like queueMicrotask(), which in browsers costs more than a command. */
const soon = Promise.resolve();

/** A storage that is ours until it is let go. */
export interface Kept {
  storage: Storage;
  release(): void;
}

/** What a local store is made of. */
export interface LocalParts {
  /** Where the module comes from; asked once, at the first use. */
  wasm(): WasmSource | Promise<WasmSource>;
  /** The storage, once it is ours; null keeps everything in memory. Asked once, at the first use. */
  storage(): Promise<Kept | null>;
  /** The most bytes that keys may take, if there is a limit; asked once, at the first use. */
  maxmemory(): Promise<number | undefined>;
  /** The storage's state has changed. */
  changed(state: StorageState): void;
  /** How results of the synchronous view are given. */
  form: Form;
  /** Whether a promise resolves when what it answers is in memory, or when it is durable. */
  acknowledges: "memory" | "storage";
}

interface Waiting {
  resolve(reply: Reply): void;
  form: Form;
}

/** A connection to a store in this process. It is opened by its first use. */
export class LocalConnection implements Connection {
  readonly #parts: LocalParts;
  #opening: Promise<LiveStore> | undefined;
  #open: LiveStore | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LocalParts) {
    this.#parts = parts;
  }

  async execute(words: Words, form: Form): Promise<Reply> {
    // Each await costs more than most commands: only what has to wait does.
    const live = this.#open ?? (await this.#live());
    const { position } = live;
    const reply = live.execute(words, form);
    const answer = reply instanceof Promise ? await reply : reply;
    if (this.#parts.acknowledges === "storage") await live.acknowledge(position);
    return resultOf(answer);
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const live = await this.#live();
    const { position } = live;
    const replies = await Promise.all(commands.map((words) => live.execute(words, form)));
    if (this.#parts.acknowledges === "storage") await live.acknowledge(position);
    return replies;
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const live = await this.#live();
    const { position } = live;
    const replies = [["MULTI"], ...commands, ["EXEC"]].map((words) => live.executeNow(words, form));
    if (this.#parts.acknowledges === "storage") await live.acknowledge(position);
    const result = resultOf(replies.at(-1) ?? null);
    if (!Array.isArray(result)) throw new RedisError("EXECABORT the transaction was discarded");
    return result;
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    const started = this.#live().then((live) => live.subscribe(names, sink));
    started.catch((error: unknown) => sink.failed(error instanceof Error ? error : new Error(String(error))));
    return {
      unsubscribe: async (some) => (await started)(some),
    };
  }

  async ready(): Promise<SyncRedis> {
    const live = await this.#live();
    return new SyncRedis(live, this.#parts.form);
  }

  async together<T>(work: (now: SyncRedis) => T): Promise<T> {
    const live = await this.#live();
    const { position } = live;
    const result = new SyncRedis(live, this.#parts.form).transaction(work);
    if (this.#parts.acknowledges === "storage") await live.acknowledge(position);
    return result;
  }

  async exportFile(): Promise<Uint8Array<ArrayBuffer>[]> {
    return (await this.#live()).exportFile();
  }

  async importFile(file: Uint8Array): Promise<number> {
    return (await this.#live()).importFile(file);
  }

  async flush(): Promise<void> {
    if (this.#opening) await (await this.#live()).flush();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => (await this.#opening)?.close())();
    return this.#closing;
  }

  #live(): Promise<LiveStore> {
    if (this.#closing) return Promise.reject(new StoreError("CLOSED", "the store was closed"));
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<LiveStore> {
    try {
      this.#open = await open(this.#parts);
      return this.#open;
    } catch (error) {
      // Another call may have more luck: the tab that held the store may be gone.
      this.#opening = undefined;
      throw error;
    }
  }
}

async function open(parts: LocalParts): Promise<LiveStore> {
  // What takes long goes on side by side: compiling the module, and reading what is stored.
  const reading = taken(parts);
  try {
    const [module, stored, maxmemory] = await Promise.all([loadModule(parts.wasm()), reading, parts.maxmemory()]);
    const store = new WasmStore(module, randomSeed(), stored !== null);
    const storedBytes = stored ? load(store, stored.pieces) : 0;
    const live = new LiveStore(store, parts, stored, storedBytes);
    const { cutBytes = 0 } = stored?.storage ?? {};
    if (cutBytes > 0) parts.changed({ state: "ok", cutBytes });
    if (maxmemory !== undefined) resultOf(live.executeNow(["CONFIG", "SET", "maxmemory", String(maxmemory)], "text"));
    return live;
  } catch (error) {
    void reading.then(
      (stored) => stored?.release(),
      () => {},
    );
    throw error;
  }
}

/** The storage with what is in it. */
async function taken(parts: LocalParts): Promise<(Kept & { pieces: Uint8Array[] }) | null> {
  const kept = await parts.storage();
  if (!kept) return null;
  try {
    return { ...kept, pieces: await kept.storage.read() };
  } catch (error) {
    kept.release();
    throw error;
  }
}

/** Replays what was stored, and gives its length. */
function load(store: WasmStore, pieces: Uint8Array[]): number {
  const length = lengthOf(pieces);
  try {
    const whole = store.replay(pieces);
    if (whole === length) return length;
    throw new Error(`it ends within a command at byte ${whole}`);
  } catch (error) {
    throw new StoreError("CORRUPT", `what is stored cannot be replayed: ${String(error)}`, { cause: error });
  }
}

function randomSeed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

/** A store that is open. */
class LiveStore {
  readonly #store: WasmStore;
  readonly #journal: Journal | undefined;
  readonly #release: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sinks = new Map<number, PushSink>();
  #session: number;
  #isDrainScheduled = false;
  #isTogether = false;
  readonly #drainSoon = (): void => this.#drain();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dead: StoreError | undefined;
  readonly #stopWatching: () => void;

  constructor(
    store: WasmStore,
    parts: LocalParts,
    kept: Kept | null,
    storedBytes: number,
  ) {
    this.#store = store;
    this.#session = store.open();
    this.#release = kept?.release ?? (() => {});
    this.#journal = kept
      ? new Journal(kept.storage, { drain: () => this.#drain(), snapshot: () => [...store.snapshot()], changed: parts.changed }, storedBytes)
      : undefined;
    this.#stopWatching = onPageLeft(() => this.#journal?.flushNow());
    this.#drain();
  }

  /** Executes a command; a blocking one answers when it is done, and holds up no other. */
  execute(words: Words, form: Form): Reply | Promise<Reply> {
    const session = this.#session;
    const reply = this.#run(session, words, form);
    if (reply !== undefined) return reply;
    // The session waits, so the next command needs another one.
    this.#session = this.#store.open();
    return new Promise((resolve) => this.#waiting.set(session, { resolve, form }));
  }

  /** Executes a command that answers at once. */
  executeNow(words: Words, form: Form): Reply {
    const reply = this.#run(this.#session, words, form);
    if (reply !== undefined) return reply;
    this.#store.close(this.#session);
    this.#session = this.#store.open();
    throw new StoreError("UNSUPPORTED", `${textOf(words[0] ?? "")} would have to wait: call it on the Redis object`);
  }

  /** Listens on a session of its own; the result stops listening. */
  subscribe(names: Subscriptions, sink: PushSink): (some?: readonly string[]) => Promise<void> {
    const session = this.#store.open();
    const [begin, end] = names.kind === "channels" ? ["SUBSCRIBE", "UNSUBSCRIBE"] : ["PSUBSCRIBE", "PUNSUBSCRIBE"];
    this.#sinks.set(session, sink);
    const left = new Set(names.names);
    for (const name of names.names) this.#deliver(session, this.#run(session, [begin, name], "text"));
    return async (some = [...left]) => {
      if (!this.#sinks.has(session)) return;
      for (const name of some) {
        left.delete(name);
        this.#deliver(session, this.#run(session, [end, name], "text"));
      }
      if (left.size > 0) return;
      this.#sinks.delete(session);
      this.#store.close(session);
    };
  }

  async flush(): Promise<void> {
    await this.#journal?.flush();
  }

  together<T>(work: () => T): T {
    if (this.#dead) throw this.#dead;
    if (this.#isTogether) return work();
    this.#isTogether = true;
    try {
      return this.#store.together(work);
    } catch (error) {
      throw this.#died(error);
    } finally {
      this.#isTogether = false;
    }
  }

  /** Where the effects so far end. */
  get position(): number {
    return this.#journal?.position ?? 0;
  }

  /** Resolves when what an answer has seen is stored; see {@link Journal.acknowledge}. */
  async acknowledge(position: number): Promise<void> {
    await this.#journal?.acknowledge(position);
  }

  /** All data as the pieces of an RDB file. */
  exportFile(): Uint8Array<ArrayBuffer>[] {
    if (this.#dead) throw this.#dead;
    return [...this.#store.file()];
  }

  /** Replaces all data by that of an RDB file, and gives the number of keys once they are durable. */
  async importFile(file: Uint8Array): Promise<number> {
    if (this.#dead) throw this.#dead;
    const keys = this.#imported(file);
    this.#drain();
    await this.#journal?.rewrite();
    return keys;
  }

  #imported(file: Uint8Array): number {
    try {
      return this.#store.import(file);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw this.#died(error);
      throw new StoreError("CORRUPT", `the file cannot be imported, and nothing has changed: ${String(error)}`);
    }
  }

  async close(): Promise<void> {
    this.#stopWatching();
    clearTimeout(this.#timer);
    try {
      await this.#journal?.close();
    } finally {
      clearTimeout(this.#timer);
      this.#dead ??= new StoreError("CLOSED", "the store was closed");
      for (const waiting of this.#waiting.values()) waiting.resolve(new RedisError("ERR the store was closed"));
      this.#waiting.clear();
      this.#release();
      this.#store.free();
    }
  }

  #run(session: number, words: Words, form: Form): Reply | undefined {
    if (this.#dead) throw this.#dead;
    this.#scheduleDrain();
    try {
      return this.#store.execute(session, words, form);
    } catch (error) {
      throw this.#died(error);
    }
  }

  /** After a trap the module's memory cannot be trusted: nothing of it may reach the storage any more. */
  #died(error: unknown): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return error;
    this.#dead = new StoreError("WASM", `the store died of a defect; what was flushed is safe, reload to go on: ${error}`, {
      cause: error,
    });
    return this.#dead;
  }

  #scheduleDrain(): void {
    if (this.#isDrainScheduled) return;
    this.#isDrainScheduled = true;
    void soon.then(this.#drainSoon);
  }

  #drain(): void {
    // What is done together is not complete before it ends; it has asked for a later drain itself.
    if (this.#isTogether) return;
    this.#isDrainScheduled = false;
    if (this.#dead) return;
    this.#store.drain({
      effects: (bytes) => this.#journal?.add(bytes),
      push: (session, message) => this.#deliver(session, message),
      reply: (session, bytes) => this.#answer(session, bytes),
    });
    this.#wait();
  }

  #answer(session: number, bytes: Uint8Array): void {
    const waiting = this.#waiting.get(session);
    if (!waiting) return;
    this.#waiting.delete(session);
    this.#store.close(session);
    waiting.resolve(new RespReader(bytes, 0, waiting.form).read());
  }

  #deliver(session: number, message: Reply | undefined): void {
    const sink = this.#sinks.get(session);
    if (!sink || !Array.isArray(message)) return;
    const [kind, ...parts] = message.map((part) => textOf(part));
    const [first = "", second = "", third = ""] = parts;
    if (kind === "message") sink.message(first, second);
    else if (kind === "pmessage") sink.message(second, third, first);
    else sink.confirmed(kind?.includes("unsubscribe") ? "unsubscribe" : "subscribe", first, Number(second));
  }

  /** Wakes up when the store has something to do. */
  #wait(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    const due = this.#store.timeout();
    if (!Number.isFinite(due)) return;
    this.#timer = setTimeout(() => this.#wake(), Math.min(Math.max(due - Date.now(), 0), MAX_TIMER_MS));
    // In Node.js an expiry alone must not keep the process running; someone who waits for an answer must.
    if (this.#waiting.size === 0) unref(this.#timer);
  }

  #wake(): void {
    if (this.#dead) return;
    this.#store.handleTimeout();
    this.#drain();
  }
}

function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") timer.unref();
}

/** Calls back when the page may be about to end; a bonus over the short flush interval, not a promise. */
function onPageLeft(callback: () => void): () => void {
  if (typeof document === "undefined") return () => {};
  const hidden = (): void => {
    if (document.visibilityState === "hidden") callback();
  };
  document.addEventListener("visibilitychange", hidden);
  addEventListener("pagehide", callback);
  return () => {
    document.removeEventListener("visibilitychange", hidden);
    removeEventListener("pagehide", callback);
  };
}

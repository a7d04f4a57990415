/** A store in this realm and in no other: opened by its first use, and closed once. */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import { resultOf, StoreError, type Form, type Reply } from "../reply.js";
import { SyncRedis } from "../sync.js";
import { Direct, type Acknowledged } from "./direct.js";
import { LiveStore, load, type Kept } from "./live-store.js";
import type { StorageState } from "./storage.js";
import { loadModule, WasmStore, type WasmSource } from "./wasm-store.js";

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
  acknowledges: Acknowledged;
}

/** A connection to a store in this process. It is opened by its first use. */
export class LocalConnection implements Connection {
  readonly #parts: LocalParts;
  #opening: Promise<Opened> | undefined;
  #open: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LocalParts) {
    this.#parts = parts;
  }

  execute(words: Words, form: Form): Promise<Reply> {
    // Each await costs more than most commands: only the first one waits for the store.
    if (this.#open) return this.#open.direct.execute(words, form);
    return this.#opened().then(({ direct }) => direct.execute(words, form));
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return (await this.#opened()).direct.pipeline(commands, form);
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return (await this.#opened()).direct.transaction(commands, form);
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    return listen(
      this.#opened().then(({ live }) => live),
      names,
      sink,
    );
  }

  async ready(): Promise<SyncRedis> {
    return (await this.#opened()).view;
  }

  async together<T>(work: (now: SyncRedis) => T): Promise<T> {
    const { direct, view } = await this.#opened();
    return direct.together(view, work);
  }

  async exportFile(): Promise<Uint8Array<ArrayBuffer>[]> {
    return (await this.#opened()).live.exportFile();
  }

  async importFile(file: Uint8Array): Promise<number> {
    return (await this.#opened()).live.importFile(file);
  }

  async flush(): Promise<void> {
    if (this.#opening) await (await this.#opened()).live.flush();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => (await this.#opening)?.live.close())();
    return this.#closing;
  }

  #opened(): Promise<Opened> {
    if (this.#closing) return Promise.reject(new StoreError("CLOSED", "the store was closed"));
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<Opened> {
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

interface Opened {
  live: LiveStore;
  direct: Direct;
  view: SyncRedis;
}

/** Listens once there is a store to listen to. */
export function listen(opening: Promise<LiveStore>, names: Subscriptions, sink: PushSink): Subscription {
  const started = opening.then((live) => live.subscribe(names, sink));
  started.catch((error: unknown) => sink.failed(error instanceof Error ? error : new Error(String(error))));
  return {
    unsubscribe: async (some) => (await started)(some),
  };
}

async function open(parts: LocalParts): Promise<Opened> {
  // What takes long goes on side by side: compiling the module, and reading what is stored.
  const reading = taken(parts);
  try {
    const [module, stored, maxmemory] = await Promise.all([loadModule(parts.wasm()), reading, parts.maxmemory()]);
    const store = new WasmStore(module, randomSeed(), stored !== null);
    const storedBytes = stored ? load(store, stored.pieces) : 0;
    const live = new LiveStore(store, parts.changed);
    if (stored) live.keep(stored, storedBytes);
    const { cutBytes = 0 } = stored?.storage ?? {};
    if (cutBytes > 0) parts.changed({ state: "ok", cutBytes });
    limit(live, maxmemory);
    return { live, direct: new Direct(live, parts.acknowledges), view: new SyncRedis(live, parts.form) };
  } catch (error) {
    void reading.then(
      (stored) => stored?.release(),
      () => {},
    );
    throw error;
  }
}

/** Says how many bytes keys may take. */
export function limit(live: LiveStore, maxmemory: number | undefined): void {
  if (maxmemory !== undefined) resultOf(live.executeNow(["CONFIG", "SET", "maxmemory", String(maxmemory)], "text"));
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

/** A seed that nobody can guess. */
export function randomSeed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

/** A store in this realm and in no other: opened by its first use, and closed once. */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import { resultOf, StoreError, type Form, type Reply } from "../reply.js";
import { SyncRedis } from "../sync.js";
import { inMemory, isAbsent } from "./absent.js";
import { Direct, type Acknowledged } from "./direct.js";
import { LiveStore, type Kept } from "./live-store.js";
import { Loading } from "./loading.js";
import type { StorageState } from "./storage.js";
import { isTrap, loadModule, WasmStore, type WasmSource } from "./wasm-store.js";

/** What a local store is made of. */
export interface LocalParts {
  /** Where the module comes from; asked once, at the first use. */
  wasm(): WasmSource | Promise<WasmSource>;
  /** The storage, once it is ours; null keeps everything in memory. Asked once, at the first use. */
  storage(): Promise<Kept | null>;
  /** Parameters and their values in turn, to be set when the store opens; asked once, at the first use. */
  settings(): Promise<readonly string[]>;
  /** Whether the store may go on in memory where its storage cannot be opened. */
  mayForget: boolean;
  /** The storage's state has changed. */
  changed(state: StorageState): void;
  /** The store has died of a defect and was made anew. */
  restarted(error: StoreError): void;
  /** How results of the synchronous view are given. */
  form: Form;
  /** Whether a promise resolves when what it answers is in memory, or when it is durable. */
  acknowledges: Acknowledged;
}

/** A connection to a store in this process. It is opened by its first use. */
export class LocalConnection implements Connection {
  readonly #parts: LocalParts;
  readonly #listeners = new Listeners();
  readonly #view: SyncRedis;
  #opening: Promise<Opened> | undefined;
  #open: Opened | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LocalParts) {
    this.#parts = parts;
    const now = { executeNow: (words: Words, form: Form) => this.#now().executeNow(words, form), together: <T>(work: () => T) => this.#now().together(work) };
    this.#view = new SyncRedis(now, parts.form);
  }

  execute(words: Words, form: Form): Reply | Promise<Reply> {
    // Only the first one waits for the store.
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
    return this.#listeners.add(this.#opened().then(({ live }) => live), names, sink);
  }

  async ready(): Promise<SyncRedis> {
    await this.#opened();
    return this.#view;
  }

  async together<T>(work: (now: SyncRedis) => T): Promise<T> {
    return (await this.#opened()).direct.together(this.#view, work);
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

  #now(): LiveStore {
    if (this.#open) return this.#open.live;
    throw new StoreError("WASM", "the store is being made anew: await ready() again");
  }

  /** The store has died: another one takes its place. */
  #restart(error: StoreError): void {
    this.#open = undefined;
    this.#opening = undefined;
    this.#parts.restarted(error);
    this.#opened().then(({ live }) => this.#listeners.moveTo(live)).catch(() => {});
  }

  #opened(): Promise<Opened> {
    if (this.#closing) return Promise.reject(new StoreError("CLOSED", "the store was closed"));
    this.#opening ??= this.#start();
    return this.#opening;
  }

  async #start(): Promise<Opened> {
    try {
      this.#open = await open(this.#parts, (error) => this.#restart(error));
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
}

interface Listening {
  readonly names: Set<string>;
  readonly kind: Subscriptions["kind"];
  readonly sink: PushSink;
  stop: Promise<(some?: readonly string[]) => Promise<void>>;
}

/** Who listens to a store, whichever life it is in. */
export class Listeners {
  readonly #all = new Set<Listening>();

  /** Listens once there is a store to listen to. */
  add(opening: Promise<LiveStore>, { kind, names }: Subscriptions, sink: PushSink): Subscription {
    const listening: Listening = { kind, names: new Set(names), sink, stop: opening.then((live) => live.subscribe({ kind, names }, sink)) };
    this.#all.add(listening);
    listening.stop.catch((error: unknown) => sink.failed(error instanceof Error ? error : new Error(String(error))));
    return {
      unsubscribe: async (some = [...listening.names]) => {
        for (const name of some) listening.names.delete(name);
        if (listening.names.size === 0) this.#all.delete(listening);
        await (await listening.stop)(some);
      },
    };
  }

  /** Goes on listening to the store in its next life, and says that something may have been missed. */
  moveTo(live: LiveStore): void {
    for (const listening of this.#all) {
      const { kind, names, sink } = listening;
      listening.stop = Promise.resolve(live.subscribe({ kind, names: [...names] }, sink));
      sink.missed?.();
    }
  }
}

async function open(parts: LocalParts, ended: (error: StoreError) => void): Promise<Opened> {
  // What takes long goes on side by side: compiling the module, reading what is stored, and loading it.
  const loading = new Loading();
  const keeping = parts.storage();
  const reading = keeping.then((kept) => kept && taken(kept, loading, parts));
  reading.catch(() => {});
  try {
    const [module, kept, settings] = await Promise.all([loadModule(parts.wasm()), keeping, parts.settings()]);
    const store = new WasmStore(module, randomSeed(), kept !== null);
    loading.into(store);
    const stored = await reading;
    if (!stored) loading.cancel();
    if (kept && !stored) store.clear();
    const storedBytes = stored ? loading.end(stored.pieces) : 0;
    const live = new LiveStore(store, parts.changed, ended);
    if (stored) live.keep(stored, storedBytes);
    const { cutBytes = 0 } = stored?.storage ?? {};
    if (cutBytes > 0) parts.changed({ state: "ok", cutBytes });
    configure(live, settings);
    return { live, direct: new Direct(live, parts.acknowledges) };
  } catch (error) {
    isTrap(error);
    void reading.then(
      (stored) => stored?.release(),
      () => {},
    );
    throw error;
  }
}

/** Sets parameters, all or none. */
export function configure(live: LiveStore, settings: readonly string[]): void {
  if (settings.length > 0) resultOf(live.executeNow(["CONFIG", "SET", ...settings], "text"));
}

/** The storage with what is in it; nothing where it cannot be opened and the store may do without. */
async function taken(kept: Kept, loading: Loading, parts: LocalParts): Promise<(Kept & { pieces: Uint8Array[] }) | null> {
  try {
    return { ...kept, pieces: await kept.storage.read((piece) => loading.take(piece)) };
  } catch (error) {
    kept.release();
    if (!parts.mayForget || !isAbsent(error)) throw error;
    parts.changed(inMemory(error));
    return null;
  }
}

/** A seed that nobody can guess. */
export function randomSeed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

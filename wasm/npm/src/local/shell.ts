/**
 * The connection to a store in this realm, alone or shared with other tabs: opened by its first use, made anew when it dies,
 * and closed once.
 */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import { StoreError, type Form, type Reply } from "../reply.js";
import { SyncRedis } from "../sync.js";
import type { LiveStore } from "./live-store.js";

/** A store that is open. */
export interface OpenStore {
  readonly live: LiveStore;
  /** Executes a command. Its error is thrown. */
  execute(words: Words, form: Form): Reply | Promise<Reply>;
  /** Executes a command that answers at once. Its error is given. */
  executeNow(words: Words, form: Form): Reply;
  /** Executes several, not as one. */
  pipeline(commands: readonly Words[], form: Form): Promise<Reply[]>;
  /** Executes several as one. */
  transaction(commands: readonly Words[], form: Form): Promise<Reply[]>;
  /** Runs a synchronous function whose commands become one step. */
  transact<T>(view: SyncRedis, work: (now: SyncRedis) => T): Promise<T>;
  /** Replaces all data by that of an RDB file. */
  importFile(file: Uint8Array): Promise<number>;
  /** Resolves when everything that was answered is durable. */
  flush(): Promise<void>;
  /** Flushes and ends. */
  close(): Promise<void>;
}

/** What a connection is made of. */
export interface ShellParts {
  /** How results of the synchronous view are given. */
  form: Form;
  /** The store has died of a defect and is being made anew. */
  restarted(error: StoreError): void;
}

/** A connection to a store in this realm. */
export class StoreConnection implements Connection {
  readonly #parts: ShellParts;
  readonly #start: (ended: (error: StoreError) => void) => Promise<OpenStore>;
  readonly #listeners = new Listeners();
  readonly #view: SyncRedis;
  #opening: Promise<OpenStore> | undefined;
  #open: OpenStore | undefined;
  #closing: Promise<void> | undefined;

  /** `start` opens the store, and calls back when it has died. */
  constructor(parts: ShellParts, start: (ended: (error: StoreError) => void) => Promise<OpenStore>) {
    this.#parts = parts;
    this.#start = start;
    const now = {
      executeNow: (words: Words, form: Form) => this.#now().executeNow(words, form),
      together: <T>(work: () => T) => this.#now().live.together(work),
    };
    this.#view = new SyncRedis(now, parts.form);
  }

  execute(words: Words, form: Form): Reply | Promise<Reply> {
    // Only the first one waits for the store.
    if (this.#open) return this.#open.execute(words, form);
    return this.#opened().then((store) => store.execute(words, form));
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return (await this.#opened()).pipeline(commands, form);
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return (await this.#opened()).transaction(commands, form);
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    return this.#listeners.add(this.#opened().then(({ live }) => live), names, sink);
  }

  async ready(): Promise<SyncRedis> {
    await this.#opened();
    return this.#view;
  }

  async together<T>(work: (now: SyncRedis) => T): Promise<T> {
    return (await this.#opened()).transact(this.#view, work);
  }

  async exportFile(): Promise<Uint8Array<ArrayBuffer>[]> {
    return (await this.#opened()).live.exportFile();
  }

  async importFile(file: Uint8Array): Promise<number> {
    return (await this.#opened()).importFile(file);
  }

  async flush(): Promise<void> {
    if (this.#opening) await (await this.#opened()).flush();
  }

  close(): Promise<void> {
    this.#closing ??= (async () => (await this.#opening)?.close())();
    return this.#closing;
  }

  #now(): OpenStore {
    if (this.#open) return this.#open;
    throw new StoreError("WASM", "the store is being made anew: await ready() again");
  }

  /** The store has died: another one takes its place. */
  #restart(error: StoreError): void {
    this.#open = undefined;
    this.#opening = undefined;
    this.#parts.restarted(error);
    this.#opened().then(({ live }) => this.#listeners.moveTo(live)).catch(() => {});
  }

  #opened(): Promise<OpenStore> {
    if (this.#closing) return Promise.reject(new StoreError("CLOSED", "the store was closed"));
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  async #begin(): Promise<OpenStore> {
    try {
      this.#open = await this.#start((error) => this.#restart(error));
      return this.#open;
    } catch (error) {
      // Another call may have more luck: the tab that held the store may be gone.
      this.#opening = undefined;
      throw error;
    }
  }
}

interface Listening {
  readonly names: Set<string>;
  readonly kind: Subscriptions["kind"];
  readonly sink: PushSink;
  stop: Promise<(some?: readonly string[]) => Promise<void>>;
}

/** Who listens to a store, whichever life it is in. */
class Listeners {
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

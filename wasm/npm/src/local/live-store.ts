/** A store that is open: the wasm module's, its journal where it is kept, and the clock that drives both. */
import type { PushSink, Subscriptions, Words } from "../connection.js";
import { RedisError, StoreError, type Form, type Reply } from "../reply.js";
import { RespReader } from "../resp.js";
import { textOf } from "../values.js";
import { Journal } from "./journal.js";
import { load, type Loading } from "./loading.js";
import type { Storage, StorageState } from "./storage.js";
import { isTrap, onPoisoned, poison, type WasmStore } from "./wasm-store.js";

/** The longest delay that timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Before the next task, like queueMicrotask(), which in browsers costs more than a command. */
const soon = Promise.resolve();

/** A storage that is ours until it is let go. */
export interface Kept {
  storage: Storage;
  release(): void;
}

/** Who hears of everything that happens in a store, in its order: other tabs with copies of it. */
export interface Observer {
  /** Effects, as they go to the journal. */
  effects(bytes: Uint8Array): void;
  /** A message on a channel, a keyspace event included. */
  message(channel: string, message: string): void;
  /** What has been told so far belongs together. */
  drained(): void;
  /** What stands at the end of what is stored, so that whoever reads it knows up to where it goes. */
  mark(): Uint8Array;
}

interface Waiting {
  client: Client;
  form: Form;
  done(reply: Reply): void;
}

/** A store that is open. It has a journal, or follows one that has. */
export class LiveStore {
  readonly #store: WasmStore;
  readonly #changed: (state: StorageState) => void;
  readonly #ended: (error: StoreError) => void;
  readonly #forgetPoison: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sinks = new Map<number, PushSink>();
  readonly #own: Client;
  readonly #drainSoon = (): void => this.#drain();
  readonly #stopWatching: () => void;
  #journal: Journal | undefined;
  #loading: Loading | undefined;
  #release = (): void => {};
  #observer: Observer | undefined;
  /** The session that hears every message for the observer. */
  #relay = 0;
  /** Whether time passes here; in a copy it is the original's effects that remove what expires. */
  #isTicking = true;
  #isDrainScheduled = false;
  #isTogether = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dead: StoreError | undefined;

  /** `ended` is called when the store has died of a defect. */
  constructor(store: WasmStore, changed: (state: StorageState) => void, ended: (error: StoreError) => void) {
    this.#store = store;
    this.#changed = changed;
    this.#ended = ended;
    this.#forgetPoison = onPoisoned((cause) => this.#die(cause));
    this.#own = this.client();
    this.#stopWatching = onPageLeft(() => this.#journal?.flushNow());
  }

  /** Begins to keep what changes from here on; `storedBytes` are there already. */
  keep(kept: Kept, storedBytes: number): void {
    const source = {
      drain: () => this.#drain(),
      snapshot: () => this.snapshot(),
      changed: this.#changed,
      mark: () => this.#observer?.mark(),
    };
    this.#release = kept.release;
    this.#journal = new Journal(kept.storage, source, storedBytes);
    this.#drain();
  }

  /** Stops keeping anything, whatever is not written yet. */
  async abandon(): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    await journal?.abandon();
  }

  /** Tells an observer of everything from here on; undefined ends that. */
  observe(observer: Observer | undefined): void {
    this.#drain();
    this.#observer = observer;
  }

  /** Tells the observer of messages, too. */
  relay(): void {
    if (this.#relay !== 0) return;
    this.#relay = this.#store.open();
    this.#store.execute(this.#relay, ["PSUBSCRIBE", "*"], "text");
  }

  /** Whether this is the original, in which time passes, or a copy. */
  set isOriginal(isOriginal: boolean) {
    this.#isTicking = isOriginal;
    this.#drain();
  }

  /** A caller with a session, and so a database, of its own. */
  client(): Client {
    return new Client(this.#store, {
      run: (session, words, form) => this.#run(session, words, form),
      wait: (session, waiting) => this.#waiting.set(session, waiting),
    });
  }

  /** Executes a command; a blocking one answers when it is done, and holds up no other. */
  execute(words: Words, form: Form): Reply | Promise<Reply> {
    return this.#own.execute(words, form);
  }

  /** Executes a command that answers at once. */
  executeNow(words: Words, form: Form): Reply {
    return this.#own.executeNow(words, form);
  }

  /** Listens on a session of its own; the result stops listening. */
  subscribe(names: Subscriptions, sink: PushSink): (some?: readonly string[]) => Promise<void> {
    const session = this.#store.open();
    const [begin, end] = names.kind === "channels" ? ["SUBSCRIBE", "UNSUBSCRIBE"] : ["PSUBSCRIBE", "PUNSUBSCRIBE"];
    this.#sinks.set(session, sink);
    const left = new Set(names.names);
    for (const name of names.names) this.#deliver(session, this.#run(session, [begin, name], "text"));
    return async (some = [...left]) => {
      if (!this.#sinks.has(session) || this.#dead) return;
      for (const name of some) {
        left.delete(name);
        this.#deliver(session, this.#run(session, [end, name], "text"));
      }
      if (left.size > 0) return;
      this.#sinks.delete(session);
      this.#store.close(session);
    };
  }

  /** Applies the effects of the original to this copy. */
  apply(effects: Uint8Array): void {
    this.#guarded(() => this.#store.replay([effects]));
  }

  /** Puts what is stored, or the snapshot of another copy, in the place of all data; gives its length. */
  restore(pieces: readonly Uint8Array[]): number {
    this.#loading?.cancel();
    this.#guarded(() => this.#store.clear());
    return this.#guarded(() => load(this.#store, pieces));
  }

  /** Puts what is being read in the place of all data. Whatever is restored meanwhile ends that. */
  load(loading: Loading): void {
    this.#loading?.cancel();
    this.#loading = loading;
    this.#guarded(() => this.#store.clear());
    this.#guarded(() => loading.into(this.#store));
  }

  /** Publishes a message of the original to those who listen here. */
  hear(channel: string, message: string): void {
    this.executeNow(["PUBLISH", channel, message], "text");
  }

  /** Tells those who listen that they may have missed something. */
  missed(): void {
    for (const sink of this.#sinks.values()) sink.missed?.();
  }

  /** All data as pieces of a stream. */
  snapshot(): Uint8Array<ArrayBuffer>[] {
    if (this.#dead) throw this.#dead;
    return [...this.#store.snapshot()];
  }

  /** Hands out what has happened so far. */
  drain(): void {
    this.#drain();
  }

  async flush(): Promise<void> {
    await this.#journal?.flush();
  }

  /** Writes all data anew. */
  async rewrite(): Promise<void> {
    await this.#journal?.rewrite();
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
      if (isTrap(error)) throw this.#dead;
      throw new StoreError("CORRUPT", `the file cannot be imported, and nothing has changed: ${String(error)}`);
    }
  }

  async close(): Promise<void> {
    if (this.#dead) return;
    this.#stopWatching();
    this.#forgetPoison();
    clearTimeout(this.#timer);
    try {
      await this.#journal?.close();
    } finally {
      clearTimeout(this.#timer);
      this.#dead ??= new StoreError("CLOSED", "the store was closed");
      this.#answerAll(new RedisError("ERR the store was closed"));
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
      // A command's errors are answers: what is thrown is a defect.
      poison(error);
      throw this.#dead;
    }
  }

  #guarded<T>(work: () => T): T {
    if (this.#dead) throw this.#dead;
    this.#drain();
    try {
      return work();
    } catch (error) {
      throw this.#died(error);
    }
  }

  #died(error: unknown): unknown {
    return isTrap(error) ? this.#dead : error;
  }

  /** After a trap nothing of the module's memory may be served, nor reach the storage. */
  #die(cause: unknown): void {
    const message = `the store died of a defect and is made anew from what is stored: what was not flushed is lost (${String(cause)})`;
    const error = new StoreError("WASM", message, { cause });
    this.#dead = error;
    this.#stopWatching();
    clearTimeout(this.#timer);
    this.#answerAll(new RedisError(`ERR ${message}`));
    void this.abandon().finally(() => {
      this.#release();
      this.#ended(error);
    });
  }

  #answerAll(answer: RedisError): void {
    for (const waiting of this.#waiting.values()) waiting.done(answer);
    this.#waiting.clear();
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
    try {
      this.#poll();
    } catch (error) {
      // Whoever asks next is told.
      poison(error);
      return;
    }
    this.#observer?.drained();
    if (this.#isTicking) this.#wait();
    else clearTimeout(this.#timer);
  }

  #poll(): void {
    this.#store.drain({
      effects: (bytes) => {
        this.#journal?.add(bytes);
        this.#observer?.effects(bytes);
      },
      push: (session, message) => this.#deliver(session, message),
      reply: (session, bytes) => this.#answer(session, bytes),
    });
  }

  #answer(session: number, bytes: Uint8Array): void {
    const waiting = this.#waiting.get(session);
    if (!waiting) return;
    this.#waiting.delete(session);
    this.#store.close(session);
    waiting.client.answered(session);
    waiting.done(new RespReader(bytes, 0, waiting.form).read());
  }

  #deliver(session: number, message: Reply | undefined): void {
    if (!Array.isArray(message)) return;
    const [kind, ...parts] = message.map((part) => textOf(part));
    const [first = "", second = "", third = ""] = parts;
    if (session === this.#relay) return this.#observer?.message(second, third);
    const sink = this.#sinks.get(session);
    if (!sink) return;
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
    try {
      this.#store.handleTimeout();
    } catch (error) {
      poison(error);
    }
    this.#drain();
  }
}

/** What a {@link Client} needs of its store. */
interface Desk {
  run(session: number, words: Words, form: Form): Reply | undefined;
  wait(session: number, waiting: Waiting): void;
}

/** A caller of a store, with a session, and so a database, of its own. */
export class Client {
  readonly #store: WasmStore;
  readonly #desk: Desk;
  readonly #blocked = new Set<number>();
  #session: number;
  #db = "0";

  constructor(store: WasmStore, desk: Desk) {
    this.#store = store;
    this.#desk = desk;
    this.#session = store.open();
  }

  /** The database that its commands work in. */
  get db(): string {
    return this.#db;
  }

  set db(db: string) {
    if (db !== this.#db) this.executeNow(["SELECT", db], "text");
  }

  /** Executes a command; a blocking one answers when it is done, and holds up no other. */
  execute(words: Words, form: Form): Reply | Promise<Reply> {
    const reply = this.#run(words, form);
    return reply === undefined ? new Promise((done) => this.#wait(form, done)) : reply;
  }

  /** Executes a command; `done` is called with its answer, at once or in the same step as its effects. */
  start(words: Words, form: Form, done: (reply: Reply) => void): void {
    const reply = this.#run(words, form);
    if (reply === undefined) this.#wait(form, done);
    else done(reply);
  }

  /** Executes a command that answers at once. */
  executeNow(words: Words, form: Form): Reply {
    const reply = this.#run(words, form);
    if (reply !== undefined) return reply;
    this.#store.close(this.#session);
    this.#renew();
    throw new StoreError("UNSUPPORTED", `${textOf(words[0] ?? "")} would have to wait: call it on the Redis object`);
  }

  /** A command that waited has been answered. */
  answered(session: number): void {
    this.#blocked.delete(session);
  }

  /** Ends its sessions, and what waits in them. */
  close(): void {
    for (const session of this.#blocked) this.#store.close(session);
    this.#blocked.clear();
    this.#store.close(this.#session);
  }

  #run(words: Words, form: Form): Reply | undefined {
    const reply = this.#desk.run(this.#session, words, form);
    if (isSelect(words) && !(reply instanceof RedisError)) this.#db = textOf(words[1] ?? "0");
    return reply;
  }

  #wait(form: Form, done: (reply: Reply) => void): void {
    this.#blocked.add(this.#session);
    this.#desk.wait(this.#session, { client: this, form, done });
    this.#renew();
  }

  /** The session waits, so the next command needs another one. */
  #renew(): void {
    this.#session = this.#store.open();
    if (this.#db !== "0") this.#store.execute(this.#session, ["SELECT", this.#db], "text");
  }
}

function isSelect([name]: Words): boolean {
  return name?.length === 6 && textOf(name).toUpperCase() === "SELECT";
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

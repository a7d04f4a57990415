/** The one class that users see: a store here or behind a gateway, with the same methods. */
import { decodeReply, type Command } from "./command.js";
import type { Commands } from "./commands.js";
import type { CloseOptions, Connection } from "./connection.js";
import { Events, type Listener } from "./events.js";
import { hasIndexedDb } from "./local/absent.js";
import { deleteDatabase, IndexedDbRecords } from "./local/indexeddb.js";
import { localConnection, type LocalParts } from "./local/local.js";
import { acquireLock } from "./local/lock.js";
import { browserTabs, type TabHost } from "./local/tabs/host.js";
import { sharedConnection } from "./local/tabs/shared.js";
import { concat } from "./local/bytes.js";
import { RecordStorage } from "./local/record-storage.js";
import type { Durability } from "./local/records.js";
import type { Storage, StorageState } from "./local/storage.js";
import type { WasmSource } from "./local/wasm-store.js";
import { Pipeline } from "./pipeline.js";
import type { ConnectionState, Policy } from "./remote/policy.js";
import { remote } from "./remote/remote.js";
import { StoreError, type Form, type Reply } from "./reply.js";
import { Subscriber } from "./subscriber.js";
import { Surface } from "./surface.js";
import type { SyncRedis } from "./sync.js";
import { Watcher, type KeyEvent } from "./watcher.js";

/** Options of every store. */
export interface CommonOptions {
  /** Whether answers that are JSON are parsed, as `@upstash/redis` does. Default true. */
  automaticDeserialization?: boolean;
  /** Called with a line for each event and for each command with its time, to find out what goes on. */
  debug?: (line: string) => void;
}

/** A store in this process. */
export interface LocalOptions extends CommonOptions {
  /** The store's name: one store per name and origin. */
  name: string;
  /**
   * Where data is kept. Default: IndexedDB where there is one that can be opened, else memory, which the `storage` event
   * tells. `"indexeddb"` insists on it: where it cannot be opened, commands fail.
   */
  persist?: "indexeddb" | "memory" | Storage;
  /**
   * What an awaited command promises. `"relaxed"` (default): it resolves when the store in memory has answered; the
   * data follows within milliseconds, and what `flush()` has resolved survives a killed browser. `"strict"`: a command
   * resolves when everything that it has seen or written is on the disk, and survives a power cut; it rejects when that
   * cannot be. The synchronous view answers from memory in both cases.
   */
  durability?: Durability;
  /**
   * `"shared"` (default): tabs of one origin share the store. Each has a copy and reads from it, one writes, and another one
   * takes over when it goes. `"single"`: one tab at a time has the store open. Only what IndexedDB keeps is shared.
   */
  tabs?: "shared" | "single";
  /**
   * How long to wait, in milliseconds, while another tab has the store open alone, or shares it and does not answer.
   * Default 5000.
   */
  lockTimeout?: number;
  /**
   * `"storage"`: keys may take half of what the browser lets this page store (`navigator.storage.estimate()`, asked when
   * the store opens), for a checkpoint is written beside the one before. Default: no limit. The same as
   * `CONFIG SET maxmemory`; what happens at the limit says `maxmemory-policy`.
   */
  maxmemory?: "storage";
  /**
   * Parameters of the store, set each time that it opens: `{ "maxmemory-policy": "allkeys-lru" }`. As in Redis, what
   * `CONFIG SET` sets later is gone when the store is closed, here by the last tab that has it open.
   */
  config?: Readonly<Record<string, string | number>>;
  /** Where the WebAssembly module comes from, if not from beside this package's code. Called once, when it is needed. */
  wasm?: () => WasmSource | Promise<WasmSource>;
}

/** A gateway. */
export interface RemoteOptions extends CommonOptions, Partial<Policy> {
  /** Its address: `http://127.0.0.1:8787`. */
  url: string;
  /** Its bearer token, where it wants one. */
  token?: string;
  /** How to talk to it. Default: WebSocket where there is one and `keepAlive` is not asked for, else REST. */
  transport?: "websocket" | "rest";
  /** The WebSocket class, where the runtime has none. */
  webSocket?: typeof WebSocket;
}

/** What a store tells of itself. */
export interface RedisEvents {
  /** The storage works, fails, or is absent. */
  storage: StorageState;
  /** The store in this process has died of a defect and was made anew from what is stored: what was not flushed is lost. */
  restarted: StoreError;
  /** The connection to a gateway changes. */
  connection: ConnectionState;
  /** Which part this tab has in a store that tabs share: it writes, or follows the one that does. */
  role: "writer" | "follower";
}

const ENVIRONMENT = [
  ["REDSTART_URL", "REDSTART_TOKEN"],
  ["UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"],
  ["KV_REST_API_URL", "KV_REST_API_TOKEN"],
] as const;

/** Makes a connection, for results in this form, which tells of itself by these events. */
export type Connect = (form: Form, events: Events<RedisEvents>) => Connection;

/** A Redis-compatible store. Nothing is loaded or opened before the first command. */
export interface Redis extends Commands<"async"> {}

export abstract class Redis extends Surface {
  readonly #connection: Connection;
  readonly #events: Events<RedisEvents>;
  readonly #form: Form;
  readonly #debug: ((line: string) => void) | undefined;
  #storage: StorageState = { state: "ok" };

  /** `connect` makes the connection; nothing is opened before the first command. */
  constructor(options: LocalOptions | RemoteOptions | CommonOptions, connect: Connect) {
    super();
    if (!("url" in options) && !("name" in options && typeof options.name === "string")) {
      throw new TypeError('say where the store is: new Redis({ name: "app" }) or new Redis({ url: "http://127.0.0.1:8787" })');
    }
    this.#form = options.automaticDeserialization === false ? "text" : "json";
    this.#events = new Events<RedisEvents>();
    this.#events.on("storage", (state) => (this.#storage = state));
    this.#debug = options.debug;
    if (options.debug) this.#trace(options.debug);
    this.#connection = connect(this.#form, this.#events);
  }

  /**
   * A gateway from the environment: `REDSTART_URL` and `REDSTART_TOKEN`, or the names that `@upstash/redis` reads
   * (`UPSTASH_REDIS_REST_URL`, `KV_REST_API_URL` and their tokens).
   */
  static fromEnv<T>(this: new (options: RemoteOptions) => T, options: Omit<RemoteOptions, "url" | "token"> = {}): T {
    const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
    const found = ENVIRONMENT.map((names) => names.map((name) => process?.env[name])).find(([url]) => url);
    const [url, token] = found ?? [];
    if (url === undefined) throw new TypeError(`none of ${ENVIRONMENT.map(([name]) => name).join(", ")} is set`);
    return new this({ ...options, url, ...(token === undefined ? {} : { token }) });
  }

  /** The same store with answers as bytes: strings come as `Uint8Array`, unchanged. */
  get bytes(): Commands<"async"> {
    return new View(this.#connection, "bytes");
  }

  /** The same store with answers as text: nothing is parsed as JSON. */
  get text(): Commands<"async"> {
    return new View(this.#connection, "text");
  }

  /** How the storage is doing: what the last `storage` event told. */
  get storage(): StorageState {
    return this.#storage;
  }

  /** The synchronous view of a store in this process. */
  async ready(): Promise<SyncRedis> {
    const view = await this.#connection.ready();
    if (!view) throw new StoreError("UNSUPPORTED", "a gateway has no synchronous view: use new Redis({ name })");
    return view;
  }

  /** Commands that are sent together. */
  pipeline(): Pipeline {
    return new Pipeline((commands) => this.#connection.pipeline(commands, "text"), this.#form);
  }

  /** Commands that are executed as one. */
  multi(): Pipeline {
    return new Pipeline((commands) => this.#connection.transaction(commands, "text"), this.#form);
  }

  /**
   * Runs a synchronous function on a store in this process: nobody else's command comes in between, and what it writes is
   * one step, which a crash leaves whole or not at all. As with a script, what was written before it throws stays.
   *
   *     await db.transaction((now) => now.set("n", Number(now.get("n") ?? 0) + 1));
   */
  async transaction<T>(work: (now: SyncRedis) => T): Promise<T> {
    if (!this.#connection.together) throw elsewhere("for transaction(), or multi()");
    return this.#connection.together(work);
  }

  /** Listens to channels. */
  subscribe<T = unknown>(
    channels: string | string[],
    listener?: (message: T, channel: string) => void,
  ): Subscriber<T> {
    const subscriber = new Subscriber<T>(this.#connection, "channels", [channels].flat(), this.#form);
    if (listener) subscriber.on("message", ({ message, channel }) => listener(message, channel));
    return subscriber;
  }

  /** Listens to every channel that matches a pattern. */
  psubscribe<T = unknown>(
    patterns: string | string[],
    listener?: (message: T, channel: string, pattern: string) => void,
  ): Subscriber<T> {
    const subscriber = new Subscriber<T>(this.#connection, "patterns", [patterns].flat(), this.#form);
    if (listener) subscriber.on("pmessage", ({ message, channel, pattern }) => listener(message, channel, pattern));
    return subscriber;
  }

  /**
   * Tells of changes of a key, or of all keys that match a pattern, in database 0: by calling back, or to whoever iterates.
   *
   *     for await (const { event, key } of db.watch("user:*")) console.log(event, key);
   *
   * A gateway has to have `notify-keyspace-events` on.
   */
  watch(keyOrPattern: string, listener?: (event: KeyEvent) => void): Watcher {
    return new Watcher(this.#connection, keyOrPattern, listener);
  }

  /** Listens to what the store tells of itself; the result stops it. */
  on<Name extends keyof RedisEvents>(name: Name, listener: Listener<RedisEvents[Name]>): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * All data of a store in this process as an RDB file, which every Redis 7 loads. In a page:
   * `URL.createObjectURL(new Blob([await db.export()]))`.
   */
  async export(): Promise<Uint8Array<ArrayBuffer>> {
    if (!this.#connection.exportFile) throw elsewhere("to export from");
    return concat(await this.#connection.exportFile());
  }

  /**
   * Replaces all data of a store in this process by that of an RDB file, of any Redis up to 7.4, and gives the number of
   * its keys once they are kept. A file with anything wrong in it is refused with the code `CORRUPT`, and changes nothing.
   */
  async import(file: Uint8Array | ArrayBuffer | Blob): Promise<number> {
    if (!this.#connection.importFile) throw elsewhere("to import into");
    const bytes = file instanceof Blob ? await file.arrayBuffer() : file;
    return this.#connection.importFile(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  }

  /** Whether the browser has promised not to delete this page's data when room gets scarce. */
  async persisted(): Promise<boolean> {
    return (await globalThis.navigator?.storage?.persisted?.()) ?? false;
  }

  /** Asks the browser for that promise; it may ask the user, and so wants to be called when one has just done something. */
  async requestPersistence(): Promise<boolean> {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  }

  /** A barrier: when it resolves, everything that was answered before survives the end of the process. */
  flush(): Promise<void> {
    return this.#connection.flush();
  }

  /**
   * Flushes and lets go of everything. A second call gives the same promise. A gateway is left at once, and what is on its way
   * fails; `close({ drain: true })` waits for that, for `timeout` milliseconds at most.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#connection.close(options);
  }

  /** `await using db = new Redis(..)` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override run(command: Command<unknown>): Promise<unknown> {
    const execute = (): Reply | Promise<Reply> => this.#connection.execute(command.words, "text");
    const debug = this.#debug;
    return decoded(command, debug ? () => timed(execute, command, debug) : execute, this.#form);
  }

  #trace(debug: (line: string) => void): void {
    for (const name of ["storage", "role", "restarted", "connection"] as const) {
      this.#events.on(name, (event) => debug(`${name} ${typeof event === "string" ? event : describe(event)}`));
    }
  }
}

/** An event in a line. */
function describe(event: object): string {
  const parts = event instanceof Error ? [["error", event]] : Object.entries(event);
  return parts.map(([name, value]) => `${String(name)}=${String(value)}`).join(" ");
}

/** Tells how long an answer took, and the first word of its command: values may be secrets. */
async function timed<T>(answer: () => T | Promise<T>, { words }: Command<unknown>, debug: (line: string) => void): Promise<T> {
  const begun = performance.now();
  const tell = (outcome: string): void => debug(`${String(words[0])} ${outcome} ${(performance.now() - begun).toFixed(2)} ms`);
  try {
    const reply = await answer();
    tell("ok");
    return reply;
  } catch (error) {
    tell(String(Object(error).code ?? error));
    throw error;
  }
}

/** The commands of a store with answers in another form. */
interface View extends Commands<"async"> {}

class View extends Surface {
  readonly #connection: Connection;
  readonly #form: Form;

  constructor(connection: Connection, form: Form) {
    super();
    this.#connection = connection;
    this.#form = form;
  }

  protected override run(command: Command<unknown>): Promise<unknown> {
    return decoded(command, () => this.#connection.execute(command.words, this.#form), this.#form);
  }
}

/** The result of a command. Not an async function: with its promise that would cost more than most commands. */
function decoded(command: Command<unknown>, execute: () => Reply | Promise<Reply>, form: Form): Promise<unknown> {
  try {
    const reply = execute();
    if (reply instanceof Promise) return reply.then((answer) => decodeReply(command, answer, form));
    return Promise.resolve(decodeReply(command, reply, form));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A connection to a store in this process or behind a gateway. */
export function connectTo(options: LocalOptions | RemoteOptions, wasm: () => WasmSource | Promise<WasmSource>): Connect {
  return (form, events) =>
    "url" in options
      ? remote(options, (state) => events.emit("connection", state))
      : connectLocal(options, wasm, form, events);
}

/** A connection to a store in this process. */
export function connectLocal(
  options: LocalOptions,
  wasm: () => WasmSource | Promise<WasmSource>,
  form: Form,
  events: Events<RedisEvents>,
): Connection {
  const changed = (state: StorageState): void => events.emit("storage", state);
  const parts: Omit<LocalParts, "storage"> = {
    wasm: options.wasm ?? wasm,
    settings: () => settingsOf(options),
    mayForget: options.persist === undefined,
    changed,
    restarted: (error) => events.emit("restarted", error),
    form,
    acknowledges: options.durability === "strict" ? "storage" : "memory",
  };
  const { name, durability, lockTimeout = 5000 } = options;
  if (!isShared(options)) return localConnection({ ...parts, storage: () => storageOf(options, changed) });
  return sharedConnection({
    ...parts,
    tabs: () => requiredTabs(name),
    storage: () => new RecordStorage(name, new IndexedDbRecords(name), durability),
    patienceMs: lockTimeout,
    became: (role) => events.emit("role", role),
  });
}

/** Whether other tabs may have the same store open. */
function isShared({ name, persist, tabs }: LocalOptions): boolean {
  const isKept = (persist === undefined || persist === "indexeddb") && hasIndexedDb();
  return isKept && tabs !== "single" && browserTabs(name) !== undefined;
}

function requiredTabs(name: string): TabHost {
  const tabs = browserTabs(name);
  if (!tabs) throw new StoreError("UNSUPPORTED", "there are no Web Locks here");
  return tabs;
}

function elsewhere(purpose: string): StoreError {
  return new StoreError("UNSUPPORTED", `a gateway's data is elsewhere: use new Redis({ name }) ${purpose}`);
}

async function storageOf(
  { name, persist, durability, lockTimeout = 5000 }: LocalOptions,
  changed: (state: StorageState) => void,
): Promise<{ storage: Storage; release(): void } | null> {
  if (persist === "memory") return null;
  if (typeof persist === "object") return { storage: persist, release: () => {} };
  if (!hasIndexedDb()) {
    if (persist === "indexeddb") throw new StoreError("UNSUPPORTED", "there is no IndexedDB here");
    changed({ state: "memory" });
    return null;
  }
  const release = await acquireLock(name, lockTimeout);
  return { release, storage: new RecordStorage(name, new IndexedDbRecords(name), durability) };
}

/** The parameters that are set when the store opens, with their values. */
async function settingsOf({ config = {}, maxmemory }: LocalOptions): Promise<string[]> {
  const limit = maxmemory === "storage" ? await halfOfQuota() : undefined;
  const all = limit === undefined ? config : { maxmemory: limit, ...config };
  return Object.entries(all).flatMap(([name, value]) => [name, String(value)]);
}

/** Half of the bytes that this page may store; undefined where nobody says how many they are. */
async function halfOfQuota(): Promise<number | undefined> {
  const { storage } = globalThis.navigator ?? {};
  const { quota } = (await storage?.estimate?.()) ?? {};
  return quota === undefined ? undefined : Math.floor(quota / 2);
}

/** Deletes a store that is not open, with all its data. */
export async function deleteStore(name: string): Promise<void> {
  const release = await acquireLock(name, 5000);
  try {
    await deleteDatabase(name);
  } finally {
    release();
  }
}

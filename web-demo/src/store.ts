/** The store that the page works on: the one inside the page or the one behind the gateway, and how it is doing. */
import { Redis, type Reply, type Value, type Word } from "redstart";
import { readDocs, type Docs } from "./line/docs.ts";
import type { GatewaySettings } from "./settings.ts";
import { Signal } from "./signal.ts";
import { textOf } from "./text.ts";

/** Where a store is. */
export type Place = "page" | "gateway";

/** How the store is doing. */
export interface Status {
  readonly level: "ok" | "busy" | "bad";
  readonly text: string;
}

/** What the commands so far have done to the session. */
export interface Session {
  readonly database: number;
  readonly isInTransaction: boolean;
}

const FRESH: Session = { database: 0, isInTransaction: false };

/** The name of the store inside the page. */
const NAME = "console";
/** Commands that run other commands. */
const CARRIES_OTHERS = /^(EXEC|EVAL|FCALL|DEBUG)/;
/** The close code of a gateway that wants a token. */
const NOT_AUTHENTICATED = 4401;
const KEPT = "Kept in this browser";

/** The console's current store. Panes ask `db` each time, because switching replaces it. */
export class Store {
  /** Another store is used from now on. */
  readonly switched = new Signal<Place>();
  /** The state has changed. */
  readonly stated = new Signal<Status>();
  /** SELECT, MULTI or a lost connection has changed the session. */
  readonly sessionChanged = new Signal<Session>();
  /** The command table has arrived. */
  readonly learned = new Signal<Docs>();
  /** Data may have changed. */
  readonly written = new Signal<void>();

  docs: Docs = new Map();
  session = FRESH;
  status: Status = { level: "busy", text: "" };
  #place: Place;
  #db: Redis;
  #gateway: GatewaySettings;
  #isProbing = false;
  #reading: ReadonlySet<string> = new Set();
  #writing: ReadonlySet<string> = new Set();

  constructor(place: Place, gateway: GatewaySettings) {
    this.#place = place;
    this.#gateway = gateway;
    this.#db = this.#make();
  }

  /** The store itself. */
  get db(): Redis {
    return this.#db;
  }

  get place(): Place {
    return this.#place;
  }

  get gateway(): GatewaySettings {
    return this.#gateway;
  }

  /** Opens the store and learns its commands. */
  async open(): Promise<void> {
    const db = this.#db;
    const opening: Status = { level: "busy", text: this.#place === "page" ? "Opening" : "Connecting" };
    this.#state(opening);
    try {
      await db.exec(["PING"]);
      if (db !== this.#db) return;
      // The store may have told more of itself meanwhile.
      if (this.status.level === "busy" && this.status.text === opening.text) this.#works();
      this.written.emit();
      await this.#learn(db);
    } catch (error) {
      if (db === this.#db) this.#state({ level: "bad", text: reasonOf(error instanceof Error ? error : new Error(String(error))) });
    }
  }

  /** Uses another store from now on, or the same one with other settings. The old one is closed behind a flush. */
  async use(place: Place, gateway: GatewaySettings = this.#gateway): Promise<void> {
    const old = this.#db;
    this.#place = place;
    this.#gateway = gateway;
    this.#db = this.#make();
    this.docs = new Map();
    this.#setSession(FRESH);
    this.switched.emit(place);
    await Promise.all([old.close().catch(() => {}), this.open()]);
  }

  /** Runs a command of the command line; strings of the answer are bytes. */
  async run(words: readonly Word[]): Promise<Reply> {
    const name = (textOf(words[0] ?? "") ?? "").toUpperCase();
    const db = this.#db;
    this.#sending(name);
    const reply = await db.bytes.exec<Reply>(words);
    if (db === this.#db) this.#answered(name, words);
    return reply;
  }

  /** Runs a command of a pane, which must not become a part of the reader's transaction. */
  async ask<T>(words: readonly Value[]): Promise<T> {
    this.#refuseInTransaction();
    return this.#db.exec<T>(words);
  }

  /** The same; strings of the answer are bytes. */
  async askBytes<T>(words: readonly Value[]): Promise<T> {
    this.#refuseInTransaction();
    return this.#db.bytes.exec<T>(words);
  }

  /** Whether a command only reads, as far as the store has told. */
  isReadOnly(name: string): boolean {
    return this.#reading.has(name);
  }

  #make(): Redis {
    if (this.#place === "page") {
      const db: Redis = new Redis({ name: NAME, automaticDeserialization: false });
      db.on("storage", ({ state, error }) => {
        if (db !== this.#db) return;
        if (state === "ok") this.#state({ level: "ok", text: KEPT });
        else if (state === "memory") this.#state({ level: "busy", text: "In memory only: this browser keeps nothing" });
        else this.#state({ level: "bad", text: `Not saved: ${error?.message ?? "the storage fails"}` });
      });
      return db;
    }
    const { url, token } = this.#gateway;
    const db: Redis = new Redis({ url, automaticDeserialization: false, ...(token ? { token } : {}) });
    db.on("connection", (state) => {
      if (db !== this.#db) return;
      switch (state.state) {
        case "connecting":
          return this.#state({ level: "busy", text: "Connecting" });
        case "open":
          return this.#reconnected(db);
        case "reconnecting":
          return this.#state({ level: "busy", text: `Reconnecting (attempt ${state.attempt})` });
        case "gaveUp":
          return this.#state({ level: "bad", text: reasonOf(state.error) });
        case "closed":
          return this.#lost(db, state.code);
      }
    });
    return db;
  }

  /** The connection comes back when there is a reason to. One waiting command is enough of it. */
  #lost(db: Redis, code = 0): void {
    this.#state({ level: "busy", text: "Disconnected" });
    this.#setSession(FRESH);
    const isRefused = code >= 4000 && code < 4500;
    // Not before the connection has noted its end.
    if (!isRefused) setTimeout(() => void this.#probe(db));
  }

  /** A socket that opens may still be refused; an answer is what counts. */
  #reconnected(db: Redis): void {
    if (this.status.level !== "ok") void this.#probe(db);
  }

  async #probe(db: Redis): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      await db.exec(["PING"]);
      if (db !== this.#db) return;
      this.#works();
      this.written.emit();
    } catch {
      // The connection has said so itself.
    } finally {
      this.#isProbing = false;
    }
  }

  async #learn(db: Redis): Promise<void> {
    // Without the table there is no completion; everything else works.
    const [docs, reading, writing] = await Promise.allSettled([
      db.bytes.exec<Reply>(["COMMAND", "DOCS"]),
      db.text.exec<string[]>(["COMMAND", "LIST", "FILTERBY", "ACLCAT", "read"]),
      db.text.exec<string[]>(["COMMAND", "LIST", "FILTERBY", "ACLCAT", "write"]),
    ]);
    if (db !== this.#db) return;
    if (reading.status === "fulfilled") this.#reading = namesOf(reading.value);
    if (writing.status === "fulfilled") this.#writing = namesOf(writing.value);
    if (docs.status === "fulfilled") this.docs = readDocs(docs.value);
    this.learned.emit(this.docs);
  }

  #refuseInTransaction(): void {
    if (this.session.isInTransaction) throw new Error("a transaction is open: EXEC or DISCARD ends it");
  }

  /** Commands run in the order in which they are sent, so a transaction begins and ends with the sending. */
  #sending(name: string): void {
    if (name === "MULTI") this.#setSession({ ...this.session, isInTransaction: true });
    else if (name === "EXEC" || name === "DISCARD") this.#setSession({ ...this.session, isInTransaction: false });
    else if (name === "RESET") this.#setSession(FRESH);
  }

  #answered(name: string, words: readonly Word[]): void {
    if (this.session.isInTransaction) return;
    if (name === "SELECT") this.#setSession({ ...this.session, database: Number(textOf(words[1] ?? "0")) });
    if (this.#mayWrite(name)) this.written.emit();
  }

  /** Whether data may be other than before; what is not known may do anything. */
  #mayWrite(name: string): boolean {
    return this.#writing.size === 0 || this.#writing.has(name) || CARRIES_OTHERS.test(name);
  }

  #setSession(session: Session): void {
    const { database, isInTransaction } = this.session;
    if (session.database === database && session.isInTransaction === isInTransaction) return;
    this.session = session;
    this.sessionChanged.emit(session);
  }

  #works(): void {
    this.#state({ level: "ok", text: this.#place === "page" ? KEPT : "Connected" });
  }

  #state(status: Status): void {
    this.status = status;
    this.stated.emit(status);
  }
}

/** Names as people write them: `CONFIG GET` for `config|get`. */
function namesOf(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.replace("|", " ").toUpperCase()));
}

/** Why there is no connection, for people. */
function reasonOf(error: Error): string {
  return error.message.includes(String(NOT_AUTHENTICATED)) ? "The gateway wants another token: see Connection…" : error.message;
}

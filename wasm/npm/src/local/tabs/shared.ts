/**
 * A store that the tabs of a browser share, with the interface of a store alone: reads are answered by the copy in this
 * tab, everything else by the tab that writes, wherever that is.
 */
import type { Words } from "../../connection.js";
import { isReadOnly, mayWait } from "../../remote/policy.js";
import { resultOf, StoreError, type Form, type Reply } from "../../reply.js";
import type { SyncRedis } from "../../sync.js";
import { textOf } from "../../values.js";
import { Direct, resultsOf } from "../direct.js";
import { LiveStore } from "../live-store.js";
import { randomSeed, type LocalParts } from "../local.js";
import { StoreConnection, type OpenStore } from "../shell.js";
import type { Storage } from "../storage.js";
import { loadModule, WasmStore } from "../wasm-store.js";
import { settingsOf } from "./desk.js";
import type { TabHost } from "./host.js";
import { Member } from "./member.js";
import { isBehind, type Ask, type Place } from "./messages.js";

/** What a shared store is made of. */
export interface SharedParts extends Omit<LocalParts, "storage"> {
  /** The tabs; asked for once per attempt to open the store. */
  tabs(): TabHost;
  /** The storage, for when this tab writes. */
  storage(): Storage;
  /** How long a silent writer is waited for, in milliseconds. */
  patienceMs: number;
  /** This tab's role has changed. */
  became(role: "writer" | "follower"): void;
}

/** A connection to a store that other tabs use, too. When it dies this tab leaves, another one goes on, and this one comes back. */
export function sharedConnection(parts: SharedParts): StoreConnection {
  return new StoreConnection(parts, (ended) => SharedStore.open(parts, ended));
}

/** A shared store that is open. */
class SharedStore implements OpenStore {
  readonly live: LiveStore;
  readonly #member: Member;
  readonly #direct: Direct;
  readonly #isStrict: boolean;
  /** The database that commands work in, which the writer is told with each. */
  #db = "0";
  /** Whether commands are being queued between MULTI and EXEC. */
  #isQueueing = false;
  /** How far everything is known to be stored. */
  #kept: Place | undefined;

  static async open(parts: SharedParts, ended: (error: StoreError) => void): Promise<SharedStore> {
    const [module, settings] = await Promise.all([loadModule(parts.wasm()), parts.settings()]);
    const { patienceMs, changed, mayForget } = parts;
    const live = new LiveStore(new WasmStore(module, randomSeed(), true), changed, (error) => {
      member.end();
      member.leave();
      ended(error);
    });
    const member = new Member({
      host: parts.tabs(),
      live,
      settings,
      mayForget,
      patienceMs,
      changed,
      storage: () => parts.storage(),
      became: (role) => parts.became(role),
    });
    try {
      await member.join();
    } catch (error) {
      member.end();
      member.leave();
      await live.close();
      throw error;
    }
    return new SharedStore(live, member, parts);
  }

  private constructor(live: LiveStore, member: Member, { acknowledges }: SharedParts) {
    this.live = live;
    this.#member = member;
    this.#direct = new Direct(live, acknowledges);
    this.#isStrict = acknowledges === "storage";
  }

  execute(words: Words, form: Form): Reply | Promise<Reply> {
    if (!this.#member.isWriter || mayWait(words)) return this.#executeShared(words, form);
    const reply = this.#direct.execute(words, form);
    return isAbout(words, "CONFIG") ? this.#executeConfig(words, reply) : reply;
  }

  async #executeConfig(words: Words, reply: Reply | Promise<Reply>): Promise<Reply> {
    return this.#configured(words, await reply);
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    if (this.#member.isWriter && !commands.some(mayWait)) return this.#direct.pipeline(commands, form);
    if (commands.every((words) => this.#isLocal(words))) return this.#direct.pipeline(commands, form);
    // What waits would tear the rest apart: each is asked for itself.
    if (commands.some(mayWait)) {
      return Promise.all(commands.map((words) => this.#ask({ kind: "command", words, form })));
    }
    const replies = await this.#askKept({ kind: "pipeline", commands, form });
    return Array.isArray(replies) ? replies : [];
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    if (this.#member.isWriter) return this.#direct.transaction(commands, form);
    return resultsOf(await this.#askKept({ kind: "transaction", commands, form }));
  }

  /** A function cannot go to the writer, so this tab becomes the writer. */
  async transact<T>(view: SyncRedis, work: (now: SyncRedis) => T): Promise<T> {
    while (!this.#member.isWriter) {
      // What the writer has in memory is stored first, which spares this tab from writing all of it.
      await this.#ask({ kind: "flush" }).catch(() => {});
      if (!this.#member.isWriter) await this.#member.takeOver();
    }
    return this.#direct.transact(view, work);
  }

  async importFile(file: Uint8Array): Promise<number> {
    return Number(resultOf(await this.#ask({ kind: "import", file })));
  }

  async flush(): Promise<void> {
    if (this.#member.isWriter) return this.live.flush();
    await this.#ask({ kind: "flush" });
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#member.end();
      try {
        await this.live.close();
      } finally {
        this.#member.leave();
      }
    }
  }

  async #executeShared(words: Words, form: Form): Promise<Reply> {
    if (this.#isLocal(words)) {
      const reply = await this.live.execute(words, form);
      if (this.#isStrict) await this.#keepSeen();
      return resultOf(reply);
    }
    const reply = resultOf(await this.#askKept({ kind: "command", words, form }));
    this.#follow(words);
    return reply;
  }

  /** Whether the copy in this tab can answer. A script is known to the writer alone. */
  #isLocal(words: Words): boolean {
    return !this.#isQueueing && isReadOnly(words) && !mayWait(words) && !isAbout(words, "EVALSHA_RO");
  }

  /** What an answered command means for the ones behind it. */
  #follow(words: Words): void {
    if (isAbout(words, "SELECT")) {
      this.#db = textOf(words[1] ?? "0");
      if (!this.#member.isWriter) this.live.executeNow(words, "text");
    } else if (isAbout(words, "MULTI")) this.#isQueueing = true;
    else if (isAbout(words, "EXEC") || isAbout(words, "DISCARD") || isAbout(words, "RESET")) this.#isQueueing = false;
  }

  #ask(ask: Ask): Promise<Reply> {
    return this.#member.ask(ask, this.#db);
  }

  /** Asks, and waits until the answer is as durable as answers are promised to be. */
  async #askKept(ask: Ask): Promise<Reply> {
    const reply = await this.#ask(ask);
    if (this.#isStrict) await this.#keepSeen();
    return reply;
  }

  /** Resolves when everything that this tab has seen is stored. */
  async #keepSeen(): Promise<void> {
    const { place } = this.#member;
    if (!isBehind(this.#kept, place)) return;
    await this.flush();
    this.#kept = place;
  }

  #configured(words: Words, reply: Reply): Reply {
    this.#member.configured(settingsOf(words, reply));
    return reply;
  }

  /** Executes a command that is answered at once. */
  executeNow(words: Words, form: Form): Reply {
    if (this.#member.isWriter) {
      const reply = this.live.executeNow(words, form);
      if (isAbout(words, "CONFIG")) this.#configured(words, reply);
      return reply;
    }
    if (this.#isLocal(words)) return this.live.executeNow(words, form);
    throw new StoreError(
      "FOLLOWER",
      `another tab orders what is written: await the command ${textOf(words[0] ?? "")}, or use transaction(), which makes this tab write`,
    );
  }
}

function isAbout([name = ""]: Words, command: string): boolean {
  return name.length === command.length && textOf(name).toUpperCase() === command;
}

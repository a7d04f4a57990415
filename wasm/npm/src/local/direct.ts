/** Commands on a store in this realm, answered when what they promise holds. */
import type { Words } from "../connection.js";
import { RedisError, resultOf, type Form, type Reply } from "../reply.js";
import type { SyncRedis } from "../sync.js";
import type { Client, LiveStore } from "./live-store.js";
import type { OpenStore } from "./shell.js";

/** Whether a promise resolves when what it answers is in memory, or when it is durable. */
export type Acknowledged = "memory" | "storage";

/** Calls on a store in this realm. */
export class Direct implements OpenStore {
  readonly live: LiveStore;
  readonly #acknowledged: Acknowledged;

  constructor(live: LiveStore, acknowledged: Acknowledged) {
    this.live = live;
    this.#acknowledged = acknowledged;
  }

  execute(words: Words, form: Form): Reply | Promise<Reply> {
    if (this.#acknowledged === "storage") return this.#executeKept(words, form);
    const reply = this.live.execute(words, form);
    return reply instanceof Promise ? reply.then(resultOf) : resultOf(reply);
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const { position } = this.live;
    const replies = await Promise.all(commands.map((words) => this.live.execute(words, form)));
    await this.#kept(position);
    return replies;
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const { position } = this.live;
    const result = transact(this.live, commands, form);
    await this.#kept(position);
    return resultsOf(result);
  }

  async transact<T>(view: SyncRedis, work: (now: SyncRedis) => T): Promise<T> {
    const { position } = this.live;
    const result = view.transaction(work);
    await this.#kept(position);
    return result;
  }

  executeNow(words: Words, form: Form): Reply {
    return this.live.executeNow(words, form);
  }

  importFile(file: Uint8Array): Promise<number> {
    return this.live.importFile(file);
  }

  flush(): Promise<void> {
    return this.live.flush();
  }

  close(): Promise<void> {
    return this.live.close();
  }

  async #executeKept(words: Words, form: Form): Promise<Reply> {
    const { position } = this.live;
    const reply = await this.live.execute(words, form);
    await this.live.acknowledge(position);
    return resultOf(reply);
  }

  async #kept(position: number): Promise<void> {
    if (this.#acknowledged === "storage") await this.live.acknowledge(position);
  }
}

/** Executes commands as one transaction, and gives what EXEC answers. */
export function transact(caller: Pick<Client, "executeNow">, commands: readonly Words[], form: Form): Reply {
  const replies = [["MULTI"], ...commands, ["EXEC"]].map((words) => caller.executeNow(words, form));
  return replies.at(-1) ?? null;
}

/** The results of a transaction. */
export function resultsOf(reply: Reply): Reply[] {
  const result = resultOf(reply);
  if (!Array.isArray(result)) throw new RedisError("EXECABORT the transaction was discarded");
  return result;
}

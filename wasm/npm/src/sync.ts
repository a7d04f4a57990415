/** The synchronous view of a store in this process. */
import { decodeReply, type Command } from "./command.js";
import type { Commands } from "./commands.js";
import type { Words } from "./connection.js";
import { resultOf, type Form, type Reply } from "./reply.js";
import { Surface } from "./surface.js";

/** What a synchronous view needs of its store. */
export interface SyncStore {
  /** One command, answered at once. */
  executeNow(words: Words, form: Form): Reply;
  /** Something that becomes one step. */
  together<T>(work: () => T): T;
}

/** Commands that answer at once. Those that would have to wait throw. */
export interface SyncRedis extends Commands<"sync"> {}

export class SyncRedis extends Surface {
  readonly #store: SyncStore;
  readonly #form: Form;

  constructor(store: SyncStore, form: Form) {
    super();
    this.#store = store;
    this.#form = form;
  }

  /**
   * Runs a synchronous function whose commands become one step: a crash leaves all that they wrote, or nothing. As with
   * a script, what was written before the function throws stays.
   */
  transaction<T>(work: (now: SyncRedis) => T): T {
    return this.#store.together(() => {
      const result = work(this);
      if (result instanceof Promise) throw new TypeError("a transaction's function has to be synchronous, and gave a promise");
      return result;
    });
  }

  protected override run(command: Command<unknown>): unknown {
    // Without a decoder of the command's own, the answer is read in its form at once.
    if (!command.decode) return resultOf(this.#store.executeNow(command.words, this.#form));
    const reply = resultOf(this.#store.executeNow(command.words, this.#form === "bytes" ? "bytes" : "text"));
    return decodeReply(command, reply, this.#form);
  }
}

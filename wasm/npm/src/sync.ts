/** The synchronous view of a store in this process. */
import { decodeReply, type Command } from "./command.js";
import type { Commands } from "./commands.js";
import type { Words } from "./connection.js";
import { resultOf, type Form, type Reply } from "./reply.js";
import { Surface } from "./surface.js";

/** Commands that answer at once. Those that would have to wait throw. */
export interface SyncRedis extends Commands<"sync"> {}

export class SyncRedis extends Surface {
  readonly #execute: (words: Words, form: Form) => Reply;
  readonly #form: Form;

  constructor(execute: (words: Words, form: Form) => Reply, form: Form) {
    super();
    this.#execute = execute;
    this.#form = form;
  }

  protected override run(command: Command<unknown>): unknown {
    // Without a decoder of the command's own, the answer is read in its form at once.
    if (!command.decode) return resultOf(this.#execute(command.words, this.#form));
    const reply = resultOf(this.#execute(command.words, this.#form === "bytes" ? "bytes" : "text"));
    return decodeReply(command, reply, this.#form);
  }
}

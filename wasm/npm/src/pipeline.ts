/** Commands collected, then sent together. */
import { decodeReply, type Command } from "./command.js";
import type { Commands } from "./commands.js";
import type { PipelineMode } from "./mode.js";
import { RedisError, type Form, type Reply } from "./reply.js";
import { Surface } from "./surface.js";
import type { Words } from "./connection.js";

/** One result of a pipeline that keeps errors. */
export type Kept<T> = { result: T; error?: undefined } | { result?: undefined; error: string };

type KeptAll<Results extends unknown[]> = { [At in keyof Results]: Kept<Results[At]> };

/** Commands that are sent together by {@link Pipeline.exec}; `multi()` makes them one transaction. */
export interface Pipeline<Results extends unknown[] = []> extends Omit<Commands<PipelineMode<Results>>, "exec"> {}

/** Commands that are sent together; its methods come from the list of commands. */
export class Pipeline<Results extends unknown[] = []> extends Surface {
  readonly #commands: Command<unknown>[] = [];
  readonly #send: (commands: readonly Words[]) => Promise<Reply[]>;
  readonly #form: Form;

  constructor(send: (commands: readonly Words[]) => Promise<Reply[]>, form: Form) {
    super();
    this.#send = send;
    this.#form = form;
  }

  /** The number of commands so far. */
  length(): number {
    return this.#commands.length;
  }

  /** Sends the commands. The first error is thrown, unless `keepErrors` asks for all of them. */
  exec(options: { keepErrors: true }): Promise<KeptAll<Results>>;
  exec<R extends unknown[] = Results>(): Promise<R>;
  async exec(options?: { keepErrors: boolean }): Promise<unknown[]> {
    if (this.#commands.length === 0) throw new TypeError("the pipeline is empty");
    const replies = await this.#send(this.#commands.map((command) => command.words));
    return options?.keepErrors
      ? this.#commands.map((command, at) => this.#kept(command, replies[at] ?? null))
      : this.#commands.map((command, at) => this.#result(command, replies[at] ?? null, at));
  }

  protected override run(command: Command<unknown>): this {
    this.#commands.push(command);
    return this;
  }

  #kept(command: Command<unknown>, reply: Reply): Kept<unknown> {
    if (reply instanceof RedisError) return { error: reply.message };
    return { result: decodeReply(command, reply, this.#form) };
  }

  #result(command: Command<unknown>, reply: Reply, at: number): unknown {
    if (reply instanceof RedisError) {
      const { code, temporary } = reply;
      throw new RedisError(`command ${at + 1} [ ${String(command.words[0])} ] failed: ${reply.message}`, { code, temporary });
    }
    return decodeReply(command, reply, this.#form);
  }
}

/** How commands of `redstart/upstash` travel: by a requester of the caller's, and together where they are called together. */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import { RedisError, resultOf, StoreError, type Form, type Reply } from "../reply.js";
import { replyOfJson } from "../remote/json.js";
import { UpstashError } from "./errors.js";

/** What sends requests in the caller's way. */
export interface Requester {
  /** Sends a request to a path with a JSON body, and gives what the answer says. */
  request<T = unknown>(request: { path?: string[]; body?: unknown }): Promise<{ result?: T; error?: string }>;
}

/** A connection whose answers have a way to go. */
export interface RemoteConnection extends Connection {
  execute(words: Words, form: Form): Promise<Reply>;
}

/** A store behind a requester. */
export class RequesterConnection implements RemoteConnection {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  async execute(words: Words, form: Form): Promise<Reply> {
    return resultOf(replyOf(await this.#requester.request({ body: words }), form));
  }

  pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return this.#batch("pipeline", commands, form);
  }

  transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return this.#batch("multi-exec", commands, form);
  }

  subscribe(_names: Subscriptions, sink: PushSink): Subscription {
    sink.failed(new StoreError("UNSUPPORTED", "a requester of your own cannot listen to channels"));
    return { unsubscribe: async () => {} };
  }

  async ready(): Promise<null> {
    return null;
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  async #batch(path: string, body: readonly Words[], form: Form): Promise<Reply[]> {
    const answers: unknown = await this.#requester.request({ path: [path], body });
    if (!Array.isArray(answers)) throw new RedisError(String(Object(answers).error ?? "ERR the requester gave no list"));
    return answers.map((answer) => replyOf(Object(answer), form));
  }
}

function replyOf({ result, error }: { result?: unknown; error?: string }, form: Form): Reply {
  return error === undefined ? replyOfJson(result, form) : new RedisError(error);
}

interface Waiting {
  words: Words;
  form: Form;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** Sends what is called within one turn as one request, and its errors as `@upstash/redis` words them. */
export class AutoPipeline {
  readonly #connection: RemoteConnection;
  readonly #isOn: () => boolean;
  #waiting: Waiting[] = [];

  constructor(connection: RemoteConnection, isOn: () => boolean) {
    this.#connection = connection;
    this.#isOn = isOn;
  }

  execute(words: Words, form: Form): Promise<Reply> {
    const reply = this.#isOn() ? this.#together(words, form) : this.#connection.execute(words, form);
    return reply.catch((error: unknown) => {
      throw error instanceof RedisError ? new UpstashError(error, words) : error;
    });
  }

  #together(words: Words, form: Form): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ words, form, resolve, reject }) === 1) void Promise.resolve().then(() => this.#send());
    });
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting;
    const [first] = waiting;
    this.#waiting = [];
    if (!first) return;
    try {
      const replies =
        waiting.length === 1
          ? [await this.#connection.execute(first.words, first.form)]
          : await this.#connection.pipeline(waiting.map(({ words }) => words), first.form);
      waiting.forEach(({ resolve, reject }, at) => {
        const reply = replies[at] ?? null;
        if (reply instanceof RedisError) reject(reply);
        else resolve(reply);
      });
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

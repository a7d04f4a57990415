/** A running subscription, with `@upstash/redis`'s events. */
import type { Connection, Subscription } from "./connection.js";
import { Events } from "./events.js";
import type { Form } from "./reply.js";
import { parseText } from "./values.js";

/** A message and where it came from. */
export interface ChannelMessage<T = unknown> {
  channel: string;
  message: T;
}

/** A message that a pattern matched. */
export interface PatternMessage<T = unknown> extends ChannelMessage<T> {
  pattern: string;
}

interface SubscriberEvents<T> {
  message: ChannelMessage<T>;
  pmessage: PatternMessage<T>;
  /** The number of names that are listened to. */
  subscribe: number;
  unsubscribe: number;
  error: Error;
  [channel: `message:${string}`]: ChannelMessage<T>;
  [pattern: `pmessage:${string}`]: PatternMessage<T>;
}

/** Where messages arrive. */
export class Subscriber<T = unknown> {
  /** Resolves when every name is listened to; rejects when that failed. */
  readonly ready: Promise<void>;
  #events = new Events<SubscriberEvents<T>>();
  readonly #names: Set<string>;
  readonly #subscription: Subscription;

  constructor(connection: Connection, kind: "channels" | "patterns", names: readonly string[], form: Form) {
    this.#names = new Set(names);
    let resolve: () => void;
    let reject: (error: Error) => void;
    this.ready = new Promise<void>((...settle) => ([resolve, reject] = settle));
    // Whoever listens to `error` need not await `ready` too.
    this.ready.catch(() => {});
    let confirmed = 0;
    this.#subscription = connection.subscribe(
      { kind, names },
      {
        message: (channel, text, pattern) => this.#deliver(channel, text, pattern, form),
        confirmed: (event, _name, count) => {
          if (event === "subscribe" && ++confirmed === names.length) resolve();
          this.#events.emit(event, count);
        },
        failed: (error) => {
          reject(error);
          this.#events.emit("error", error);
        },
      },
    );
  }

  /** Listens: to `message`, `pmessage`, one channel's `message:<channel>`, `subscribe`, `unsubscribe`, `error`. */
  on<Name extends keyof SubscriberEvents<T>>(name: Name, listener: (event: SubscriberEvents<T>[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Forgets every listener; messages still arrive and go nowhere. */
  removeAllListeners(): void {
    this.#events = new Events();
  }

  /** Stops listening to some names, or to all. */
  async unsubscribe(names?: string[]): Promise<void> {
    for (const name of names ?? [...this.#names]) this.#names.delete(name);
    await this.#subscription.unsubscribe(names);
  }

  /** What is listened to. */
  getSubscribedChannels(): string[] {
    return [...this.#names];
  }

  #deliver(channel: string, text: string, pattern: string | undefined, form: Form): void {
    // The caller says what its messages are, as with every other value.
    const message = (form === "json" ? parseText(text) : text) as T;
    if (pattern === undefined) {
      this.#events.emit("message", { channel, message });
      this.#events.emit(`message:${channel}`, { channel, message });
    } else {
      this.#events.emit("pmessage", { pattern, channel, message });
      this.#events.emit(`pmessage:${pattern}`, { pattern, channel, message });
    }
  }
}

/** What a `Redis` needs from wherever the store is: in this process, or behind a gateway. */
import type { Form, Reply } from "./reply.js";
import type { SyncRedis } from "./sync.js";
import type { Word } from "./values.js";

/** The words of one command. */
export type Words = readonly Word[];

/** A store that answers commands. */
export interface Connection {
  /**
   * One command. Its error is thrown. Where nothing has to be waited for the answer is given at once, because promises cost
   * more than most commands.
   */
  execute(words: Words, form: Form): Reply | Promise<Reply>;
  /** Several commands in one go, not atomic. Errors stand in their places. */
  pipeline(commands: readonly Words[], form: Form): Promise<Reply[]>;
  /** Several commands as one. Errors stand in their places; a refused transaction is thrown. */
  transaction(commands: readonly Words[], form: Form): Promise<Reply[]>;
  /** Listens to channels or patterns until the result's `close`. */
  subscribe(names: Subscriptions, sink: PushSink): Subscription;
  /** The synchronous view, where there is one. */
  ready(): Promise<SyncRedis | null>;
  /** Runs a synchronous function whose commands become one step; absent where the store is elsewhere. */
  together?<T>(work: (now: SyncRedis) => T): Promise<T>;
  /** All data as the pieces of an RDB file; absent where the store is elsewhere. */
  exportFile?(): Promise<Uint8Array<ArrayBuffer>[]>;
  /** Replaces all data by that of an RDB file, and gives the number of its keys. */
  importFile?(file: Uint8Array): Promise<number>;
  /** Resolves when everything that was answered is durable. */
  flush(): Promise<void>;
  /** Flushes and ends; a second call gives the first one's promise. A gateway is left at once, unless asked to drain. */
  close(options?: CloseOptions): Promise<void>;
}

/** How to end a connection to a gateway. */
export interface CloseOptions {
  /** Waits for what has been sent. Default: it fails. */
  drain?: boolean;
  /** How long to wait for it, in milliseconds. Default: `requestTimeout`. */
  timeout?: number;
}

/** Waits for work, but not longer than this. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** What to listen to. */
export interface Subscriptions {
  readonly kind: "channels" | "patterns";
  readonly names: readonly string[];
}

/** Where messages go. */
export interface PushSink {
  /** A message on a channel, with the pattern that matched. */
  message(channel: string, message: string, pattern?: string): void;
  /** The number of subscriptions changed: this one is live, or over. */
  confirmed(kind: "subscribe" | "unsubscribe", name: string, count: number): void;
  /** Messages may have been missed; whoever follows something has to look anew. */
  missed?(): void;
  /** Listening failed. */
  failed(error: Error): void;
}

/** A running subscription. */
export interface Subscription {
  /** Stops listening to some names, or to all. */
  unsubscribe(names?: readonly string[]): Promise<void>;
}

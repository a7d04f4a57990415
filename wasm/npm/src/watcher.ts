/** Keys that are watched, told of by keyspace events. */
import type { Connection, Subscription } from "./connection.js";
import { RedisError, StoreError, type Reply } from "./reply.js";
import { textOf } from "./values.js";

/** What happened to a key. */
export interface KeyEvent {
  /** The event, in Redis's words: `set`, `hset`, `del`, `expired`, ... */
  event: string;
  /** The key. */
  key: string;
}

const CHANNEL = "__keyspace@0__:";
const PARAMETER = "notify-keyspace-events";
/** Events by key, of every class that changes data. */
const CLASSES = ["K", "A"];

/**
 * A running watch. It calls its listener, or is iterated over; whoever iterates more slowly than keys change gets the last
 * event of each key.
 */
export class Watcher implements AsyncIterable<KeyEvent> {
  /** Resolves when every change from here on is told. */
  readonly ready: Promise<void>;
  readonly #subscription: Subscription;
  readonly #waiting = new Map<string, KeyEvent>();
  readonly #listener: ((event: KeyEvent) => void) | undefined;
  #failure: Error | undefined;
  #isOver = false;
  #wake = (): void => {};

  constructor(connection: Connection, pattern: string, listener?: (event: KeyEvent) => void) {
    this.#listener = listener;
    let confirm: () => void;
    let fail: (error: Error) => void;
    const confirmed = new Promise<void>((...settle) => ([confirm, fail] = settle));
    this.#subscription = connection.subscribe(
      { kind: "patterns", names: [CHANNEL + pattern] },
      {
        message: (channel, event) => this.#deliver({ event, key: channel.slice(CHANNEL.length) }),
        confirmed: (kind) => {
          if (kind === "subscribe") confirm();
        },
        failed: (error) => {
          fail(error);
          this.#fail(error);
        },
      },
    );
    this.ready = Promise.all([confirmed, switchOn(connection)]).then(() => {});
    this.ready.catch((error: Error) => this.#fail(error));
  }

  /** Ends it. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    await this.#subscription.unsubscribe();
  }

  /** The events from here on; whoever is slow gets the last one of each key. Ends with {@link Watcher.stop}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KeyEvent> {
    try {
      for (;;) {
        for (const [key, event] of this.#waiting) {
          this.#waiting.delete(key);
          yield event;
        }
        if (this.#failure) throw this.#failure;
        if (this.#isOver) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      await this.stop();
    }
  }

  #deliver(event: KeyEvent): void {
    if (this.#isOver) return;
    if (this.#listener) return this.#listener(event);
    this.#waiting.delete(event.key);
    this.#waiting.set(event.key, event);
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}

/** A store in this process is told to tell; a gateway is somebody else's, and has to be told by them. */
async function switchOn(connection: Connection): Promise<void> {
  const flags = flagsOf(await connection.execute(["CONFIG", "GET", PARAMETER], "text"));
  if (CLASSES.every((flag) => flags.includes(flag))) return;
  if (!connection.exportFile) {
    throw new StoreError("UNSUPPORTED", `the gateway does not tell of its keys: CONFIG SET ${PARAMETER} ${CLASSES.join("")} there`);
  }
  await connection.execute(["CONFIG", "SET", PARAMETER, flags + CLASSES.join("")], "text");
}

function flagsOf(reply: Reply): string {
  if (!Array.isArray(reply) || reply[1] === undefined) throw new RedisError(`ERR no parameter ${PARAMETER}`);
  return textOf(reply[1]);
}

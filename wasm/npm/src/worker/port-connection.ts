/** A store in a worker, seen from the page. */
import type { Connection, PushSink, Subscription, Subscriptions, Words } from "../connection.js";
import type { Events } from "../events.js";
import { unwired } from "../local/tabs/messages.js";
import type { RedisEvents } from "../redis.js";
import { resultOf, StoreError, type Form, type Reply } from "../reply.js";
import type { Call, Port, SentOptions, WorkerMessage } from "./messages.js";

interface Pending {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** What there is to talk to, and how to let go of it. */
export interface OpenPort {
  port: Port;
  /** Calls back when the worker fails. */
  onFailure(callback: (reason: string) => void): void;
  end(): void;
}

/** A connection through a port. It is opened by its first use. */
export class PortConnection implements Connection {
  readonly #open: () => OpenPort;
  readonly #options: SentOptions;
  readonly #wasm: WebAssembly.Module | undefined;
  readonly #events: Events<RedisEvents>;
  readonly #pending = new Map<number, Pending>();
  readonly #sinks = new Map<number, PushSink>();
  #opened: OpenPort | undefined;
  #next = 1;
  #closing: Promise<void> | undefined;
  #letGo = (): void => {};

  constructor(open: () => OpenPort, options: SentOptions, events: Events<RedisEvents>, wasm?: WebAssembly.Module) {
    this.#open = open;
    this.#options = options;
    this.#events = events;
    this.#wasm = wasm;
  }

  async execute(words: Words, form: Form): Promise<Reply> {
    return resultOf(await this.#call({ kind: "execute", words, form }));
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return listOf(await this.#call({ kind: "pipeline", commands, form }));
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return listOf(resultOf(await this.#call({ kind: "transaction", commands, form })));
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    const of = this.#next;
    this.#sinks.set(of, sink);
    this.#call({ kind: "subscribe", names }).catch((error: unknown) => sink.failed(error instanceof Error ? error : new Error(String(error))));
    return {
      unsubscribe: async (some) => {
        await this.#call({ kind: "unsubscribe", of, names: some });
      },
    };
  }

  async ready(): Promise<null> {
    return null;
  }

  async exportFile(): Promise<Uint8Array<ArrayBuffer>[]> {
    const pieces = listOf(await this.#call({ kind: "export" }));
    return pieces.flatMap((piece) => (piece instanceof Uint8Array ? [new Uint8Array(piece)] : []));
  }

  async importFile(file: Uint8Array): Promise<number> {
    return Number(await this.#call({ kind: "import", file }));
  }

  async flush(): Promise<void> {
    if (this.#opened) await this.#call({ kind: "flush" });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#opened) return;
    try {
      await this.#send({ kind: "close" });
    } finally {
      this.#letGo();
      this.#opened.end();
    }
  }

  #call(call: Call): Promise<Reply> {
    if (this.#closing) return Promise.reject(new StoreError("CLOSED", "the store was closed"));
    return this.#send(call);
  }

  #send(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#pending.set(id, { resolve, reject });
      this.#port().postMessage({ kind: "call", id, call });
    });
  }

  #port(): Port {
    if (this.#opened) return this.#opened.port;
    const presence = `redstart:page:${crypto.randomUUID()}`;
    const opened = this.#open();
    this.#opened = opened;
    opened.port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => this.#received(data);
    opened.onFailure((reason) => this.#failed(reason));
    void globalThis.navigator?.locks?.request(presence, () => new Promise<void>((release) => (this.#letGo = release)));
    opened.port.postMessage({ kind: "open", options: this.#options, presence, wasm: this.#wasm });
    return opened.port;
  }

  #received(message: WorkerMessage): void {
    switch (message.kind) {
      case "answer":
        return this.#answered(message);
      case "failed":
        return this.#taken(message.id)?.reject(new Error(message.message));
      case "event":
        return this.#events.emit(message.name, message.event);
      case "message":
        return this.#sinks.get(message.of)?.message(message.channel, message.message, message.pattern);
      case "confirmed":
        return this.#sinks.get(message.of)?.confirmed(message.event, message.name, message.count);
      case "missed":
        return this.#sinks.get(message.of)?.missed?.();
      case "lost":
        return this.#sinks.get(message.of)?.failed(new Error(message.message));
    }
  }

  #answered({ id, reply }: Extract<WorkerMessage, { kind: "answer" }>): void {
    const pending = this.#taken(id);
    try {
      pending?.resolve(unwired(reply));
    } catch (error) {
      pending?.reject(error);
    }
  }

  #failed(reason: string): void {
    const error = new StoreError("UNKNOWN_FATE", `the worker failed, and the command may have run: ${reason}`);
    for (const id of [...this.#pending.keys()]) this.#taken(id)?.reject(error);
    for (const sink of this.#sinks.values()) sink.failed(error);
    // The next call starts another worker, where the worker is ours to start.
    this.#letGo();
    this.#opened?.end();
    this.#opened = undefined;
  }

  #taken(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function listOf(reply: Reply): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** The worker's side: stores by name, for whoever connects. */
import type { Connection, Subscription } from "../connection.js";
import { Events } from "../events.js";
import { wired } from "../local/tabs/messages.js";
import type { WasmSource } from "../local/wasm-store.js";
import { connectLocal, type RedisEvents } from "../redis.js";
import { RedisError, StoreError, type Reply } from "../reply.js";
import type { Call, PageMessage, Port, SentOptions, WorkerMessage } from "./messages.js";

interface Open {
  connection: Connection;
  pages: Set<(message: WorkerMessage) => void>;
}

/** The stores of this worker, which several pages may use. */
const stores = new Map<string, Open>();

/** Serves a page through a port. */
export function servePort(port: Port, wasm: () => WasmSource | Promise<WasmSource>): void {
  let page: Page | undefined;
  port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
    if (data.kind === "open") {
      const { options, presence, wasm: given } = data;
      const opened = new Page(port, options, given ? () => given : wasm);
      page = opened;
      void globalThis.navigator?.locks?.request(presence, () => opened.leave());
      return;
    }
    void page?.answer(data.id, data.call);
  };
}

/** A page that uses a store. */
class Page {
  readonly #port: Port;
  readonly #name: string;
  readonly #open: Open;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #tell = (message: WorkerMessage): void => this.#port.postMessage(message);

  constructor(port: Port, options: SentOptions, wasm: () => WasmSource | Promise<WasmSource>) {
    this.#port = port;
    this.#name = options.name;
    this.#open = stores.get(options.name) ?? opened(options, wasm);
    stores.set(options.name, this.#open);
    this.#open.pages.add(this.#tell);
  }

  async answer(id: number, call: Call): Promise<void> {
    try {
      this.#tell({ kind: "answer", id, reply: wired(await this.#done(id, call)) });
    } catch (error) {
      if (error instanceof StoreError || error instanceof RedisError) this.#tell({ kind: "answer", id, reply: wired(error) });
      else this.#tell({ kind: "failed", id, message: String(error) });
    }
  }

  /** The page has gone, or closes the store: the last one closes it for all. */
  async leave(): Promise<void> {
    if (!this.#open.pages.delete(this.#tell)) return;
    for (const subscription of this.#subscriptions.values()) void subscription.unsubscribe();
    if (this.#open.pages.size > 0) return this.#open.connection.flush();
    stores.delete(this.#name);
    await this.#open.connection.close();
  }

  async #done(id: number, call: Call): Promise<Reply> {
    const { connection } = this.#open;
    switch (call.kind) {
      case "execute":
        return connection.execute(call.words, call.form);
      case "pipeline":
        return connection.pipeline(call.commands, call.form);
      case "transaction":
        return connection.transaction(call.commands, call.form);
      case "subscribe":
        return this.#subscribe(id, call);
      case "unsubscribe":
        await this.#subscriptions.get(call.of)?.unsubscribe(call.names);
        return null;
      case "import":
        return (await connection.importFile?.(call.file)) ?? null;
      case "export":
        return (await connection.exportFile?.()) ?? null;
      case "flush":
        await connection.flush();
        return null;
      case "close":
        await this.leave();
        return null;
    }
  }

  #subscribe(of: number, { names }: Extract<Call, { kind: "subscribe" }>): null {
    const subscription = this.#open.connection.subscribe(names, {
      message: (channel, message, pattern) => this.#tell({ kind: "message", of, channel, message, pattern }),
      confirmed: (event, name, count) => this.#tell({ kind: "confirmed", of, event, name, count }),
      missed: () => this.#tell({ kind: "missed", of, message: "" }),
      failed: (error) => this.#tell({ kind: "lost", of, message: error.message }),
    });
    this.#subscriptions.set(of, subscription);
    return null;
  }
}

function opened(options: SentOptions, wasm: () => WasmSource | Promise<WasmSource>): Open {
  const events = new Events<RedisEvents>();
  const pages = new Set<(message: WorkerMessage) => void>();
  for (const name of ["storage", "role"] as const) {
    events.on(name, (event) => {
      for (const tell of pages) tell({ kind: "event", name, event });
    });
  }
  return { connection: connectLocal(options, wasm, "json", events), pages };
}

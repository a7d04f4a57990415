/** Who listens to what over a WebSocket, and from where each channel resumes after a break. */
import type { PushSink, Subscription, Subscriptions } from "../connection.js";
import { errorOfJson, replyOfJson } from "./json.js";

/** A message as the gateway sends it. */
export interface Push {
  push: string;
  channel: string;
  data: unknown;
  pattern?: string;
  epoch?: string;
  offset?: number;
}

interface Position {
  epoch: string;
  offset: number;
}

type Send = (frame: object) => Promise<{ result?: unknown; error?: unknown }>;

/** The subscriptions of one connection. */
export class Listeners {
  readonly #send: Send;
  readonly #channels = new Map<string, Set<PushSink>>();
  readonly #patterns = new Map<string, Set<PushSink>>();
  readonly #positions = new Map<string, Position>();
  /** What the gateway has confirmed. A request that waits for its answer is sent again by the connection. */
  readonly #confirmed = { channels: new Set<string>(), patterns: new Set<string>() };

  constructor(send: Send) {
    this.#send = send;
  }

  /** Whether nobody listens. */
  get isEmpty(): boolean {
    return this.#channels.size === 0 && this.#patterns.size === 0;
  }

  /** Listens. */
  add({ kind, names }: Subscriptions, sink: PushSink): Subscription {
    const sinks = kind === "channels" ? this.#channels : this.#patterns;
    for (const name of names) sinks.set(name, (sinks.get(name) ?? new Set()).add(sink));
    void this.#ask(kind, names, sink);
    const left = new Set(names);
    return {
      unsubscribe: async (some = [...left]) => {
        for (const name of some) {
          left.delete(name);
          await this.#remove(kind, sinks, name, sink);
          sink.confirmed("unsubscribe", name, left.size);
        }
      },
    };
  }

  /** Asks for everything again on a new connection, each channel from its last position. */
  resume(): void {
    const { channels, patterns } = this.#confirmed;
    if (channels.size === 0 && patterns.size === 0) return;
    const frame = {
      subscribe: [...channels],
      psubscribe: [...patterns],
      recover: Object.fromEntries(this.#positions),
    };
    void this.#send(frame).catch(() => {});
  }

  /** Hands a message to its listeners. */
  deliver({ push, channel, data, pattern, epoch, offset }: Push): void {
    const sinks = push === "pmessage" ? this.#patterns.get(pattern ?? "") : this.#channels.get(channel);
    if (epoch !== undefined && offset !== undefined) this.#positions.set(channel, { epoch, offset });
    const message = String(replyOfJson(data, "text"));
    for (const sink of sinks ?? []) sink.message(channel, message, pattern);
  }

  /** Tells everyone that listening failed for good. */
  fail(error: Error): void {
    const sinks = new Set([...this.#channels.values(), ...this.#patterns.values()].flatMap((set) => [...set]));
    for (const sink of sinks) sink.failed(error);
  }

  async #ask(kind: Subscriptions["kind"], names: readonly string[], sink: PushSink): Promise<void> {
    try {
      const { error } = await this.#send({ [kind === "channels" ? "subscribe" : "psubscribe"]: names });
      if (error !== undefined) throw errorOfJson(error);
      names.forEach((name, at) => {
        this.#confirmed[kind].add(name);
        sink.confirmed("subscribe", name, at + 1);
      });
    } catch (error) {
      sink.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #remove(
    kind: Subscriptions["kind"],
    sinks: Map<string, Set<PushSink>>,
    name: string,
    sink: PushSink,
  ): Promise<void> {
    const set = sinks.get(name);
    set?.delete(sink);
    if (!set || set.size > 0) return;
    sinks.delete(name);
    this.#confirmed[kind].delete(name);
    this.#positions.delete(name);
    await this.#send({ [kind === "channels" ? "unsubscribe" : "punsubscribe"]: [name] });
  }
}

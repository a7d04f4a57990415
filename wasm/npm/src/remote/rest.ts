/**
 * A gateway over REST, with `@upstash/redis`'s wire. Strings travel as base64, so that bytes survive.
 * Subscriptions are server-sent events.
 */
import { atMost, type CloseOptions, type Connection, type PushSink, type Subscription, type Subscriptions, type Words } from "../connection.js";
import { resultOf, StoreError, type Form, type Reply } from "../reply.js";
import type { Word } from "../values.js";
import { errorOfJson, fromBase64, inForm } from "./json.js";
import { delayOf, isReadOnly, mayWait, type Policy } from "./policy.js";
import { eventsOf } from "./sse.js";

/** A connection by requests; there is nothing to open or to close but running subscriptions. */
export class RestConnection implements Connection {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #policy: Policy;
  readonly #closing = new AbortController();
  readonly #sent = new Set<Promise<unknown>>();

  constructor({ url, token }: { url: string; token?: string }, policy: Policy) {
    this.#base = url.replace(/^ws/, "http").replace(/\/+$/, "");
    this.#token = token;
    this.#policy = policy;
  }

  async execute(words: Words, form: Form): Promise<Reply> {
    const inPath = words.some((word) => word instanceof Uint8Array);
    const request = inPath ? pathRequest(words) : jsonRequest("", words);
    const limit = mayWait(words) ? Infinity : this.#policy.requestTimeout;
    return resultOf(replyOf(await this.#send(request, isReadOnly(words), limit), form));
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return this.#batch("/pipeline", commands, form);
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    return this.#batch("/multi-exec", commands, form);
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    const streams = new Map(names.names.map((name) => [name, this.#listen(names.kind, name, sink)]));
    return {
      unsubscribe: async (some = [...streams.keys()]) => {
        for (const name of some) {
          streams.get(name)?.abort();
          streams.delete(name);
          sink.confirmed("unsubscribe", name, streams.size);
        }
      },
    };
  }

  async ready(): Promise<null> {
    return null;
  }

  /** Over REST an answer comes after its durability, so there is nothing to wait for. */
  async flush(): Promise<void> {}

  async close({ drain = false, timeout = this.#policy.requestTimeout }: CloseOptions = {}): Promise<void> {
    if (drain) await atMost(timeout, Promise.allSettled(this.#sent));
    this.#closing.abort(new StoreError("CLOSED", "the connection was closed"));
  }

  async #batch(path: string, commands: readonly Words[], form: Form): Promise<Reply[]> {
    const json = await this.#send(jsonRequest(path, commands), commands.every(isReadOnly), this.#policy.requestTimeout);
    if (!Array.isArray(json)) throw errorOfJson(Object(json).error);
    return json.map((item: unknown) => replyOf(item, form));
  }

  async #send(request: RestRequest, mayRepeat: boolean, limit: number): Promise<unknown> {
    const deadline = Date.now() + this.#policy.retryDeadline;
    const { signal } = this.#policy;
    const abort = typeof signal === "function" ? signal() : signal;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#noted(this.#once(request, limit, abort));
      } catch (error) {
        if (abort?.aborted) throw abort.reason;
        if (this.#closing.signal.aborted && mayRepeat) throw this.#closing.signal.reason;
        if (!mayRepeat) throw new StoreError("UNKNOWN_FATE", `no answer, the command may have run: ${String(error)}`, { cause: error });
        if (attempt > this.#policy.retries || Date.now() > deadline) {
          throw new StoreError("CONNECTION", `${this.#base} did not answer: ${String(error)}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, delayOf(this.#policy, attempt)));
      }
    }
  }

  /** Remembers what is on its way. */
  async #noted<T>(work: Promise<T>): Promise<T> {
    this.#sent.add(work);
    try {
      return await work;
    } finally {
      this.#sent.delete(work);
    }
  }

  async #once({ path, body }: RestRequest, limit: number, abort: AbortSignal | undefined): Promise<unknown> {
    const signals = [this.#closing.signal, ...(abort ? [abort] : []), ...(Number.isFinite(limit) ? [AbortSignal.timeout(limit)] : [])];
    const response = await fetch(this.#base + path, {
      method: "POST",
      headers: this.#headers({ "Upstash-Encoding": "base64" }),
      body,
      keepalive: this.#policy.keepAlive,
      signal: AbortSignal.any(signals),
    });
    return response.json();
  }

  #listen(kind: Subscriptions["kind"], name: string, sink: PushSink): AbortController {
    const stop = new AbortController();
    const path = `/${kind === "channels" ? "subscribe" : "psubscribe"}/${encodeURIComponent(name)}`;
    this.#follow(path, AbortSignal.any([stop.signal, this.#closing.signal]), sink).catch((error: unknown) => {
      if (!stop.signal.aborted && !this.#closing.signal.aborted) sink.failed(connectionError(error));
    });
    return stop;
  }

  async #follow(path: string, signal: AbortSignal, sink: PushSink): Promise<void> {
    const headers = this.#headers({ Accept: "text/event-stream" });
    const response = await fetch(this.#base + path, { method: "POST", headers, body: "[]", signal });
    if (!response.ok || !response.body) throw errorOfJson(Object(await response.json()).error);
    for await (const event of eventsOf(response.body)) deliver(event, sink);
    throw new StoreError("CONNECTION", "the gateway ended the stream");
  }

  #headers(more: Record<string, string>): Record<string, string> {
    const authorization = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    return { "Content-Type": "application/json", ...authorization, ...more };
  }
}

interface RestRequest {
  path: string;
  body: string | Uint8Array<ArrayBuffer>;
}

function jsonRequest(path: string, words: unknown): RestRequest {
  return { path: path || "/", body: JSON.stringify(words) };
}

/** JSON cannot carry bytes: the words go into the path, the last one into the body. */
function pathRequest(words: Words): RestRequest {
  const last = words.at(-1) ?? "";
  const body = typeof last === "string" ? last : new Uint8Array(last);
  return { path: words.slice(0, -1).map((word) => `/${segment(word)}`).join(""), body };
}

function segment(word: Word): string {
  if (typeof word === "string") return encodeURIComponent(word);
  return Array.from(word, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

function replyOf(json: unknown, form: Form): Reply {
  const answer = Object(json) as { result?: unknown; error?: unknown };
  return answer.error === undefined ? decoded(answer.result, form) : errorOfJson(answer.error);
}

/** Every string is base64, but a status on its own. */
function decoded(result: unknown, form: Form): Reply {
  if (result === "OK") return inForm(new TextEncoder().encode("OK"), form);
  if (typeof result === "string") return inForm(fromBase64(result), form);
  if (Array.isArray(result)) return result.map((item) => decoded(item, form));
  return typeof result === "number" ? result : null;
}

function deliver(event: string, sink: PushSink): void {
  const [kind = "", name = ""] = event.split(",", 2);
  const rest = event.slice(kind.length + name.length + 2);
  if (kind === "message") return sink.message(name, rest);
  if (kind !== "pmessage") return sink.confirmed("subscribe", name, Number(rest));
  const comma = rest.indexOf(",");
  sink.message(rest.slice(0, comma), rest.slice(comma + 1), name);
}

function connectionError(error: unknown): Error {
  return error instanceof Error ? error : new StoreError("CONNECTION", String(error));
}

/**
 * A gateway over one WebSocket: many requests in flight, each answer with its number, messages beside them.
 *
 * A request that was sent when the connection broke is sent again only if running it twice does no harm; otherwise
 * it fails with an error that says so. Requests that were not sent yet wait, up to a bound. Subscriptions resume
 * behind the last message that arrived.
 */
import { atMost, type CloseOptions, type Connection, type PushSink, type Subscription, type Subscriptions, type Words } from "../connection.js";
import { resultOf, StoreError, type Form, type Reply } from "../reply.js";
import { errorOfJson, jsonWords, replyOfJson } from "./json.js";
import { delayOf, isReadOnly, mayWait, type ConnectionState, type Policy } from "./policy.js";
import { Listeners, type Push } from "./listeners.js";

const PROTOCOL = "redstart.v1.json";

interface Pending {
  id: number;
  frame: object;
  mayRepeat: boolean;
  limit: number;
  isSent: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Answer {
  id?: number;
  result?: unknown;
  error?: unknown;
}

/** A connection that opens with the first request and comes back when it breaks. */
export class WebSocketConnection implements Connection {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #policy: Policy;
  readonly #WebSocket: typeof WebSocket;
  readonly #changed: (state: ConnectionState) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners: Listeners;
  #socket: WebSocket | undefined;
  #isOpen = false;
  #nextId = 1;
  #attempt = 0;
  #brokenSince = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #closed: StoreError | undefined;

  constructor(
    { url, token }: { url: string; token?: string },
    policy: Policy,
    WebSocketClass: typeof WebSocket,
    changed: (state: ConnectionState) => void,
  ) {
    this.#url = `${url.replace(/^http/, "ws").replace(/\/+$/, "")}/ws`;
    this.#token = token;
    this.#policy = policy;
    this.#WebSocket = WebSocketClass;
    this.#changed = changed;
    this.#listeners = new Listeners((frame) => this.#request(frame, true, policy.requestTimeout));
  }

  async execute(words: Words, form: Form): Promise<Reply> {
    const limit = mayWait(words) ? Infinity : this.#policy.requestTimeout;
    return resultOf(replyOf(await this.#request({ cmd: jsonWords(words) }, isReadOnly(words), limit), form));
  }

  async pipeline(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const answers = commands.map((words) =>
      this.#request({ cmd: jsonWords(words) }, isReadOnly(words), mayWait(words) ? Infinity : this.#policy.requestTimeout),
    );
    return (await Promise.all(answers)).map((answer) => replyOf(answer, form));
  }

  async transaction(commands: readonly Words[], form: Form): Promise<Reply[]> {
    const frame = { multi: commands.map(jsonWords) };
    const answer = await this.#request(frame, commands.every(isReadOnly), this.#policy.requestTimeout);
    if (answer.error !== undefined) throw errorOfJson(answer.error);
    const results: unknown[] = Array.isArray(answer.result) ? answer.result : [];
    return results.map((item) => replyOf(Object(item) as Answer, form));
  }

  subscribe(names: Subscriptions, sink: PushSink): Subscription {
    return this.#listeners.add(names, sink);
  }

  async ready(): Promise<null> {
    return null;
  }

  /** An answer comes after its durability, so what is in flight is all there is to wait for. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#pending.values()].map(({ id }) => this.#settled(id)));
  }

  async close({ drain = false, timeout = this.#policy.requestTimeout }: CloseOptions = {}): Promise<void> {
    if (this.#closed) return;
    if (drain) await atMost(timeout, this.flush());
    this.#end(new StoreError("CLOSED", "the connection was closed"));
    this.#socket?.close(1000);
    this.#changed({ state: "closed" });
  }

  #settled(id: number): Promise<void> {
    const pending = this.#pending.get(id);
    if (!pending) return Promise.resolve();
    return new Promise((resolve) => {
      const { resolve: answer, reject } = pending;
      pending.resolve = (value) => (answer(value), resolve());
      pending.reject = (error) => (reject(error), resolve());
    });
  }

  #request(frame: object, mayRepeat: boolean, limit: number): Promise<Answer> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const pending: Pending = { id, frame, mayRepeat, limit, isSent: false, timer: undefined, resolve, reject };
      if (!this.#isOpen && !this.#hasRoom()) {
        reject(new StoreError("CONNECTION", "too many requests wait for the connection (offlineQueue)"));
        return;
      }
      this.#pending.set(id, pending);
      if (Number.isFinite(limit)) pending.timer = setTimeout(() => this.#timedOut(id), limit);
      if (this.#isOpen) this.#send(pending);
      else this.#connect();
    });
  }

  #hasRoom(): boolean {
    const { max, policy } = this.#policy.offlineQueue;
    if (this.#pending.size < max) return true;
    const [oldest] = this.#pending.values();
    if (policy === "reject-new" || !oldest) return false;
    this.#settle(oldest.id)?.reject(new StoreError("CONNECTION", "dropped for a newer request (offlineQueue)"));
    return true;
  }

  #send(pending: Pending): void {
    pending.isSent = true;
    this.#socket?.send(JSON.stringify({ id: pending.id, ...pending.frame }));
  }

  #timedOut(id: number): void {
    const pending = this.#settle(id);
    if (!pending) return;
    const code = pending.isSent && !pending.mayRepeat ? "UNKNOWN_FATE" : "TIMEOUT";
    pending.reject(new StoreError(code, `no answer within ${pending.limit} ms${code === "TIMEOUT" ? "" : "; the command may have run"}`));
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    clearTimeout(pending?.timer);
    this.#pending.delete(id);
    return pending;
  }

  #connect(): void {
    if (this.#socket || this.#retry !== undefined) return;
    this.#changed({ state: "connecting" });
    const socket = new this.#WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    const late = setTimeout(() => socket.close(), this.#policy.connectTimeout);
    socket.onopen = () => {
      clearTimeout(late);
      if (this.#token) socket.send(JSON.stringify({ id: 0, auth: this.#token }));
      this.#opened();
    };
    socket.onmessage = ({ data }) => this.#received(JSON.parse(String(data)));
    // What went wrong is told by the close that follows.
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }) => {
      clearTimeout(late);
      if (this.#socket === socket) this.#broke(code, reason);
    };
  }

  #opened(): void {
    this.#isOpen = true;
    this.#attempt = 0;
    this.#brokenSince = 0;
    this.#changed({ state: "open" });
    this.#listeners.resume();
    for (const pending of this.#pending.values()) if (!pending.isSent) this.#send(pending);
    if (this.#policy.heartbeat > 0) this.#heartbeat = setInterval(() => void this.#probe(), this.#policy.heartbeat);
  }

  /** A connection that is dead without having said so shows by not answering. */
  async #probe(): Promise<void> {
    try {
      await this.#request({ cmd: ["PING"] }, true, this.#policy.connectTimeout);
    } catch {
      this.#socket?.close();
    }
  }

  #received(frame: unknown): void {
    if (Array.isArray(frame)) return frame.forEach((one) => this.#received(one));
    const answer = Object(frame) as Answer & Partial<Push>;
    if (answer.push !== undefined) return this.#listeners.deliver(answer as Push);
    if (answer.id === 0 && answer.error !== undefined) return this.#giveUp(errorOfJson(answer.error));
    if (answer.id !== undefined) this.#settle(answer.id)?.resolve(answer);
  }

  #broke(code: number, reason: string): void {
    this.#socket = undefined;
    this.#isOpen = false;
    clearInterval(this.#heartbeat);
    if (this.#closed) return;
    this.#changed({ state: "closed", code, reason });
    if (code >= 4000 && code < 4500) {
      this.#giveUp(new StoreError("CONNECTION", `the gateway refused the connection (${code} ${reason})`));
      return;
    }
    this.#sortOut();
    if (this.#pending.size > 0 || !this.#listeners.isEmpty) this.#reconnect();
  }

  /** Sent requests are sent again where that does no harm; others fail, because nobody knows whether they ran. */
  #sortOut(): void {
    for (const pending of this.#pending.values()) {
      if (!pending.isSent) continue;
      pending.isSent = false;
      if (pending.mayRepeat) continue;
      this.#settle(pending.id)?.reject(new StoreError("UNKNOWN_FATE", "the connection broke; the command may have run"));
    }
  }

  #reconnect(): void {
    this.#attempt++;
    this.#brokenSince ||= Date.now();
    const { retries, retryDeadline } = this.#policy;
    if (this.#attempt > retries || Date.now() - this.#brokenSince > retryDeadline) {
      this.#giveUp(new StoreError("CONNECTION", `${this.#url} cannot be reached`));
      return;
    }
    const delay = delayOf(this.#policy, this.#attempt);
    this.#changed({ state: "reconnecting", attempt: this.#attempt, delay });
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, delay);
  }

  /** Fails everything that waits. A later request tries anew. */
  #giveUp(error: Error): void {
    this.#attempt = 0;
    this.#brokenSince = 0;
    this.#changed({ state: "gaveUp", error });
    for (const { id } of [...this.#pending.values()]) this.#settle(id)?.reject(error);
    this.#listeners.fail(error);
  }

  #end(error: StoreError): void {
    this.#closed = error;
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    const unknown = new StoreError("UNKNOWN_FATE", "the connection was closed; the command may have run");
    for (const { id, isSent, mayRepeat } of [...this.#pending.values()]) {
      this.#settle(id)?.reject(isSent && !mayRepeat ? unknown : error);
    }
  }
}

function replyOf(answer: Answer, form: Form): Reply {
  return answer.error === undefined ? replyOfJson(answer.result, form) : errorOfJson(answer.error);
}

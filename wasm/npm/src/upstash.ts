/**
 * `@upstash/redis`'s class and nothing else (`redstart/upstash`): for an application that changes its import and keeps its
 * code. It talks REST to a Redstart gateway or to Upstash, sends what is called at once as one request, and has no store in
 * it. Its search and vector services are not Redis's and are not here.
 */
import { command, decodeReply, type Command } from "./command.js";
import type { Commands } from "./commands.js";
import { commands } from "./commands.js";
import { BitField } from "./bitfield.js";
import { Pipeline } from "./pipeline.js";
import { DEFAULT_POLICY } from "./remote/policy.js";
import { RestConnection } from "./remote/rest.js";
import type { Form } from "./reply.js";
import { Subscriber } from "./subscriber.js";
import { AutoPipeline, RequesterConnection, type RemoteConnection, type Requester } from "./upstash/connections.js";
import { UrlError } from "./upstash/errors.js";
import { JSON_METHODS, SAME } from "./upstash/methods.js";
import { Script, ScriptRO } from "./upstash/script.js";

export { errors } from "./upstash/errors.js";
export type { Requester } from "./upstash/connections.js";
export type { Pipeline } from "./pipeline.js";
export type { ScoreMember, ZAddOptions as ZAddCommandOptions } from "./commands.js";

/** How often and when a request is sent again. */
export type RetryConfig =
  | false
  | {
      /** How often at most. */
      retries?: number;
      /** The pause before a try, in milliseconds, by the number of tries so far. */
      backoff?: (retryCount: number) => number;
    };

/** Options of a client. */
export interface RedisOptions {
  /** Whether answers that are JSON are parsed. Default true. */
  automaticDeserialization?: boolean;
  /** Whether what is called at once is sent as one request. Default true. */
  enableAutoPipelining?: boolean;
  /** Taken for the SDK's sake: nothing is logged. */
  latencyLogging?: boolean;
  /** Taken for the SDK's sake: nothing is told to anybody. */
  enableTelemetry?: boolean;
  /** Taken for the SDK's sake: whoever has written reads it. */
  readYourWrites?: boolean;
}

/** Where the store is, and how it is talked to. */
export interface RedisConfigNodejs extends RedisOptions {
  /** The address of a gateway, or of Upstash. */
  url: string | undefined;
  /** Its bearer token. */
  token: string | undefined;
  /** Aborts requests; a function is asked for each. */
  signal?: AbortSignal | (() => AbortSignal);
  /** Taken for the SDK's sake: the runtime keeps its connections. */
  agent?: unknown;
  /** Whether requests may outlive the page that sent them. */
  keepAlive?: boolean;
  /** How often and when a request is sent again; `false` for never. */
  retry?: RetryConfig;
}

type Same = Pick<Commands<"async">, (typeof SAME)[number]>;
type Call = (...args: unknown[]) => Promise<unknown>;

/** A client. */
export interface Redis extends Same {}

/** A client; its methods come from the list of commands. */
export class Redis {
  readonly #connection: RemoteConnection;
  readonly #pipe: AutoPipeline;
  readonly #form: Form;
  /** Whether what is called at once is sent as one request. */
  enableAutoPipelining: boolean;
  /** Kept for code that reads it: every answer comes after its durability, so there is nothing to catch up with. */
  readYourWritesSyncToken: string | undefined;

  constructor(config: RedisConfigNodejs);
  constructor(requester: Requester, options?: RedisOptions);
  constructor(config: RedisConfigNodejs | Requester, options: RedisOptions = {}) {
    const chosen: RedisOptions = "request" in config ? options : config;
    this.#connection = "request" in config ? new RequesterConnection(config) : restOf(config);
    this.#form = chosen.automaticDeserialization === false ? "text" : "json";
    this.enableAutoPipelining = chosen.enableAutoPipelining ?? true;
    this.#pipe = new AutoPipeline(this.#connection, () => this.enableAutoPipelining);
  }

  /** A client from the environment: `UPSTASH_REDIS_REST_URL` or `KV_REST_API_URL`, and their tokens. */
  static fromEnv(config: Omit<RedisConfigNodejs, "url" | "token"> = {}): Redis {
    const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
    const env = process?.env ?? {};
    const url = env["UPSTASH_REDIS_REST_URL"] ?? env["KV_REST_API_URL"];
    const token = env["UPSTASH_REDIS_REST_TOKEN"] ?? env["KV_REST_API_TOKEN"];
    return new Redis({ ...config, url, token });
  }

  /** Any command by its words. */
  exec<T = unknown>(words: [command: string, ...args: (string | number | boolean)[]]): Promise<T> {
    return this.#run(command<T>(words)) as Promise<T>;
  }

  /** Commands that are sent together. */
  pipeline(): Pipeline {
    return new Pipeline((all) => this.#connection.pipeline(all, "text"), this.#form);
  }

  /** Commands that are executed as one. */
  multi(): Pipeline {
    return new Pipeline((all) => this.#connection.transaction(all, "text"), this.#form);
  }

  /** This client: what it is asked at once is one request already. */
  autoPipeline(): this {
    return this;
  }

  /** Listens to channels. */
  subscribe<T = unknown>(channels: string | string[]): Subscriber<T> {
    return new Subscriber<T>(this.#connection, "channels", [channels].flat(), this.#form);
  }

  /** Listens to every channel that matches a pattern. */
  psubscribe<T = unknown>(patterns: string | string[]): Subscriber<T> {
    return new Subscriber<T>(this.#connection, "patterns", [patterns].flat(), this.#form);
  }

  /** A script that is sent once and called by its digest. */
  createScript<T = unknown>(script: string, options?: { readonly?: false }): Script<T>;
  createScript<T = unknown>(script: string, options: { readonly: true }): ScriptRO<T>;
  createScript<T>(script: string, options: { readonly?: boolean } = {}): Script<T> | ScriptRO<T> {
    const runner = {
      run: <R>(name: string, text: string, keys: string[], args: unknown[]) =>
        this.#run(command<R>([name, text, keys.length, ...keys, ...args])) as Promise<R>,
    };
    return options.readonly ? new ScriptRO<T>(runner, script) : new Script<T>(runner, script);
  }

  /** Runs a script that only reads. */
  evalRo<T = unknown>(script: string, keys: string[], args: unknown[]): Promise<T> {
    return this.#run(command<T>(["EVAL_RO", script, keys.length, ...keys, ...args])) as Promise<T>;
  }

  /** Runs a script that only reads, by its digest. */
  evalshaRo<T = unknown>(sha1: string, keys: string[], args: unknown[]): Promise<T> {
    return this.#run(command<T>(["EVALSHA_RO", sha1, keys.length, ...keys, ...args])) as Promise<T>;
  }

  /** Commands on JSON documents, for a server that has them. */
  get json(): Record<(typeof JSON_METHODS)[number], Call> {
    const methods = JSON_METHODS.map((name): [string, Call] => [name, (...args) => this.#run(jsonCommand(name, args))]);
    // Every name of the list has its method.
    return Object.fromEntries(methods) as Record<(typeof JSON_METHODS)[number], Call>;
  }

  /** Functions that the server keeps. */
  get functions(): Record<"load" | "list" | "delete" | "flush" | "stats" | "call" | "callRo", Call> {
    const call = (name: string, fn: unknown, keys: unknown, args: unknown): Promise<unknown> => {
      const all = Array.isArray(keys) ? keys : [];
      return this.#run(command([name, fn, all.length, ...all, ...(Array.isArray(args) ? args : [])]));
    };
    const run = (...words: unknown[]): Promise<unknown> => this.#run(command(words));
    return {
      load: (options) => {
        const { code, replace } = Object(options) as { code: string; replace?: boolean };
        return run("FUNCTION", "LOAD", ...(replace ? ["REPLACE"] : []), code);
      },
      list: (options) => {
        const { libraryName, withCode } = Object(options) as { libraryName?: string; withCode?: boolean };
        return run("FUNCTION", "LIST", ...(libraryName ? ["LIBRARYNAME", libraryName] : []), ...(withCode ? ["WITHCODE"] : []));
      },
      delete: (name) => run("FUNCTION", "DELETE", name),
      flush: () => run("FUNCTION", "FLUSH"),
      stats: () => run("FUNCTION", "STATS"),
      call: (fn, keys, args) => call("FCALL", fn, keys, args),
      callRo: (fn, keys, args) => call("FCALL_RO", fn, keys, args),
    };
  }

  async #run(wanted: Command<unknown>): Promise<unknown> {
    return decodeReply(wanted, await this.#pipe.execute(wanted.words, "text"), this.#form);
  }

  static {
    for (const name of SAME) {
      Object.defineProperty(this.prototype, name, {
        value(this: Redis, ...args: never[]): unknown {
          if (name === "bitfield") return new BitField((wanted) => this.#run(wanted), String(args[0]));
          const encode: (...args: never[]) => Command<unknown> = commands[name];
          return this.#run(encode(...args));
        },
        configurable: true,
        writable: true,
      });
    }
  }
}

function jsonCommand(name: string, args: readonly unknown[]): Command<unknown> {
  return command([`JSON.${name.toUpperCase()}`, ...args]);
}

function restOf({ url, token, keepAlive, retry, signal }: RedisConfigNodejs): RemoteConnection {
  if (url === undefined || !/^https?:\/\//.test(url)) throw new UrlError(url);
  const retries = retry === false ? 0 : (retry?.retries ?? 5);
  const backoff = retry === false ? undefined : retry?.backoff;
  const policy = { ...DEFAULT_POLICY, retries, keepAlive: keepAlive ?? false, ...(backoff ? { backoff } : {}), ...(signal ? { signal } : {}) };
  return new RestConnection({ url, ...(token === undefined ? {} : { token }) }, policy);
}

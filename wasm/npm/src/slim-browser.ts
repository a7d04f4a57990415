/** Redstart without scripting, for browsers: a smaller WebAssembly module, fetched with the first command. */
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";

export * from "./api.js";

/**
 * A Redis-compatible store: `new Redis({ name })` in this page, where `EVAL` and functions are unknown commands, or
 * `new Redis({ url, token })` behind a gateway, which knows them.
 */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, () => new URL("./wasm/redstart_slim_bg.wasm", import.meta.url)));
  }
}

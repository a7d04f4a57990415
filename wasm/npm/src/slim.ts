/** Redstart without scripting, for Node.js, Deno, Bun and servers that bundle: a smaller module, inside the code. */
import { fromBase64 } from "./remote/json.js";
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";

export * from "./api.js";

/**
 * A Redis-compatible store: `new Redis({ name })` in this process, where `EVAL` and functions are unknown commands, or
 * `new Redis({ url, token })` behind a gateway, which knows them.
 */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, async () => fromBase64((await import("./wasm/inline-slim.js")).base64)));
  }
}

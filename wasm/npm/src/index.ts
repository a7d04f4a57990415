/**
 * Redstart for Node.js, Deno, Bun and servers that bundle: the WebAssembly module comes inside the code, because
 * server bundlers break every other way to find it. It is loaded with the first command, not with the import.
 */
import { fromBase64 } from "./remote/json.js";
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";

export * from "./api.js";

/** A Redis-compatible store: `new Redis({ name })` in this process, `new Redis({ url, token })` behind a gateway. */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, async () => fromBase64((await import("./wasm/inline.js")).base64)));
  }
}

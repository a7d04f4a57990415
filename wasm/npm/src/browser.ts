/** Redstart for browsers: the WebAssembly module is a file beside the code, fetched with the first command. */
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";

export * from "./api.js";

/** A Redis-compatible store: `new Redis({ name })` in this page, `new Redis({ url, token })` behind a gateway. */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, () => new URL("./wasm/redstart_wasm_bg.wasm", import.meta.url)));
  }
}

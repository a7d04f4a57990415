/** Redstart for Cloudflare's workers: the WebAssembly module is imported, because it may not be compiled there. */
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";
import module from "./wasm/redstart_wasm_bg.wasm";

export * from "./api.js";

/** A Redis-compatible store: `new Redis({ name, persist })` in this worker, `new Redis({ url, token })` behind a gateway. */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, () => module));
  }
}

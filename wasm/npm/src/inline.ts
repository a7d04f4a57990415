/** Redstart with the WebAssembly module inside the code (`redstart/inline`), for whoever cannot serve a file. */
import { fromBase64 } from "./remote/json.js";
import { connectTo, Redis as AnyRedis, type LocalOptions, type RemoteOptions } from "./redis.js";
import { base64 } from "./wasm/inline.js";

export * from "./api.js";

/** A Redis-compatible store: `new Redis({ name })` in this process, `new Redis({ url, token })` behind a gateway. */
export class Redis extends AnyRedis {
  constructor(options: LocalOptions | RemoteOptions) {
    super(options, connectTo(options, () => fromBase64(base64)));
  }
}

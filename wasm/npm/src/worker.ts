/** A store off the main thread (`redstart/worker`), behind the same interface; only a synchronous view cannot be there. */
import { Redis as AnyRedis, type CommonOptions } from "./redis.js";
import type { Port, SentOptions } from "./worker/messages.js";
import { PortConnection, type OpenPort } from "./worker/port-connection.js";

export * from "./api.js";
export { serve } from "./worker-serve.js";
export type { Port, SentOptions };

/** Where the store runs. */
export type WorkerSource = Worker | SharedWorker | MessagePort;

/** A store in a worker. */
export interface WorkerOptions extends CommonOptions, SentOptions {
  /**
   * `"dedicated"` (default): a worker of this page's own. `"shared"`: one for all pages of this origin. Or a worker of yours
   * that calls {@link serve}, or what makes one.
   */
  worker?: "dedicated" | "shared" | WorkerSource | (() => WorkerSource);
  /** The compiled WebAssembly module, where the worker cannot fetch it. */
  wasm?: WebAssembly.Module;
}

/** A Redis-compatible store in a worker. */
export class Redis extends AnyRedis {
  constructor({ worker = "dedicated", wasm, automaticDeserialization, debug, ...options }: WorkerOptions) {
    const common = { ...(automaticDeserialization === undefined ? {} : { automaticDeserialization }), ...(debug ? { debug } : {}) };
    super({ ...common, ...options }, (_form, events) => new PortConnection(() => opened(worker, options.name), options, events, wasm));
  }
}

function opened(worker: NonNullable<WorkerOptions["worker"]>, name: string): OpenPort {
  const source = typeof worker === "string" ? started(worker, name) : typeof worker === "function" ? worker() : worker;
  const onFailure = (callback: (reason: string) => void): void => {
    if ("onerror" in source) source.onerror = (event) => callback("message" in event ? event.message : "it did not start");
  };
  if ("port" in source) return { port: source.port, onFailure, end: () => source.port.close() };
  const end = (): void => ("terminate" in source ? source.terminate() : source.close());
  return { port: source, onFailure, end };
}

/** The address stands in the call, because that is where bundlers look for it. */
function started(kind: "dedicated" | "shared", name: string): WorkerSource {
  return kind === "shared"
    ? new SharedWorker(new URL("./worker-script.js", import.meta.url), { type: "module", name: `redstart:${name}` })
    : new Worker(new URL("./worker-script.js", import.meta.url), { type: "module", name: `redstart:${name}` });
}

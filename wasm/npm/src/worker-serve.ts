/** The worker's side of `redstart/worker`. */
import { servePort } from "./worker/host.js";
import type { Port } from "./worker/messages.js";

/** Serves stores to the page that has started this worker, to all that connect to it if it is a shared one, or through a port. */
export function serve(port?: Port): void {
  const wasm = (): URL => new URL("./wasm/redstart_wasm_bg.wasm", import.meta.url);
  // A worker's global object is its port.
  const scope = globalThis as unknown as Port & { onconnect?: ((event: MessageEvent) => void) | null };
  if (port || !("onconnect" in globalThis)) return servePort(port ?? scope, wasm);
  scope.onconnect = ({ ports: [connected] }) => {
    if (connected) servePort(connected, wasm);
  };
}

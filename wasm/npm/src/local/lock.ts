/** One owner per store and origin, by Web Locks: the browser frees the lock when the owner's tab goes. */
import { StoreError } from "../reply.js";

/** Waits for the store's lock; the result frees it. Without Web Locks (an insecure page) there is none. */
export async function acquireLock(store: string, timeoutMs: number): Promise<() => void> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return () => {};
  const abort = new AbortController();
  const timer = Number.isFinite(timeoutMs) ? setTimeout(() => abort.abort(), timeoutMs) : undefined;
  try {
    return await new Promise<() => void>((resolve, reject) => {
      const hold = (): Promise<void> => new Promise((release) => resolve(release));
      locks.request(`redstart:${store}`, { signal: abort.signal }, hold).catch(reject);
    });
  } catch (error) {
    // In a sandbox nobody else can have it.
    if (error instanceof DOMException && error.name === "SecurityError") return () => {};
    throw new StoreError(
      "LOCKED",
      `store "${store}" is open in another tab: close that tab, use another name, or wait longer with lockTimeout`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** A storage that cannot be opened at all: whoever did not insist on it goes on in memory, and says so. */
import { StoreError } from "../reply.js";
import type { StorageState } from "./storage.js";

/**
 * Whether a storage could not be opened, as in a private window or a sandbox, or when the browser does not answer. Damage, or
 * data of a newer version, is something else: whoever has data must not lose sight of it.
 */
export function isAbsent(error: unknown): boolean {
  if (error instanceof StoreError) return error.code === "TIMEOUT";
  return error instanceof DOMException && error.name !== "VersionError";
}

/** The state of a store whose storage cannot be opened. */
export function inMemory(error: unknown): StorageState {
  const reason = error instanceof Error ? error.message : String(error);
  const message = `the browser's storage cannot be used, and nothing is kept: ${reason}`;
  return { state: "memory", error: new StoreError("STORAGE", message, { cause: error }) };
}

/** Whether there is an IndexedDB. Where it is forbidden, even looking may throw. */
export function hasIndexedDb(): boolean {
  try {
    return typeof indexedDB !== "undefined";
  } catch {
    return false;
  }
}

/** A store in this realm and in no other. */
import { resultOf, type StoreError } from "../reply.js";
import { inMemory, isAbsent } from "./absent.js";
import { Direct, type Acknowledged } from "./direct.js";
import { LiveStore, type Kept } from "./live-store.js";
import { Loading } from "./loading.js";
import { StoreConnection, type OpenStore, type ShellParts } from "./shell.js";
import type { StorageState } from "./storage.js";
import { isTrap, loadModule, WasmStore, type WasmSource } from "./wasm-store.js";

/** What a local store is made of. */
export interface LocalParts extends ShellParts {
  /** Where the module comes from; asked once, at the first use. */
  wasm(): WasmSource | Promise<WasmSource>;
  /** The storage, once it is ours; null keeps everything in memory. Asked once, at the first use. */
  storage(): Promise<Kept | null>;
  /** Parameters and their values in turn, to be set when the store opens; asked once, at the first use. */
  settings(): Promise<readonly string[]>;
  /** Whether the store may go on in memory where its storage cannot be opened. */
  mayForget: boolean;
  /** The storage's state has changed. */
  changed(state: StorageState): void;
  /** Whether a promise resolves when what it answers is in memory, or when it is durable. */
  acknowledges: Acknowledged;
}

/** A connection to a store in this realm alone. */
export function localConnection(parts: LocalParts): StoreConnection {
  return new StoreConnection(parts, (ended) => open(parts, ended));
}

async function open(parts: LocalParts, ended: (error: StoreError) => void): Promise<OpenStore> {
  // What takes long goes on side by side: compiling the module, reading what is stored, and loading it.
  const loading = new Loading();
  const keeping = parts.storage();
  const reading = keeping.then((kept) => kept && taken(kept, loading, parts));
  reading.catch(() => {});
  try {
    const [module, kept, settings] = await Promise.all([loadModule(parts.wasm()), keeping, parts.settings()]);
    const store = new WasmStore(module, randomSeed(), kept !== null);
    loading.into(store);
    const stored = await reading;
    if (!stored) loading.cancel();
    if (kept && !stored) store.clear();
    const storedBytes = stored ? loading.end(stored.pieces) : 0;
    const live = new LiveStore(store, parts.changed, ended);
    if (stored) live.keep(stored, storedBytes);
    const { cutBytes = 0 } = stored?.storage ?? {};
    if (cutBytes > 0) parts.changed({ state: "ok", cutBytes });
    configure(live, settings);
    return new Direct(live, parts.acknowledges);
  } catch (error) {
    isTrap(error);
    void reading.then(
      (stored) => stored?.release(),
      () => {},
    );
    throw error;
  }
}

/** Sets parameters, all or none. */
export function configure(live: LiveStore, settings: readonly string[]): void {
  if (settings.length > 0) resultOf(live.executeNow(["CONFIG", "SET", ...settings], "text"));
}

/** The storage with what is in it; nothing where it cannot be opened and the store may do without. */
async function taken(kept: Kept, loading: Loading, parts: LocalParts): Promise<(Kept & { pieces: Uint8Array[] }) | null> {
  try {
    return { ...kept, pieces: await kept.storage.read((piece) => loading.take(piece)) };
  } catch (error) {
    kept.release();
    if (!parts.mayForget || !isAbsent(error)) throw error;
    parts.changed(inMemory(error));
    return null;
  }
}

/** A seed that nobody can guess. */
export function randomSeed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
}

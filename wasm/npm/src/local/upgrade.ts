/**
 * From the first layout to this one, within the transaction in which IndexedDB changes a database's version: all of it
 * or nothing.
 *
 * The first layout had one manifest, under the key `manifest`, and frames of `crc-32 | owner or generation | payload`;
 * its pages were numbered from 0, its log was numbered as today.
 */
import { StoreError } from "../reply.js";
import { corrupt, seal } from "./frame.js";
import { encodeManifest, EPOCH_SPAN, firstKey, keyOf, type Manifest } from "./manifest.js";

interface FirstManifest {
  readonly epoch: number;
  readonly generation: number;
  readonly pages: number;
  readonly segments: readonly (readonly [first: number, last: number])[];
}

const FIRST_HEADER_BYTES = 8;

/** Upgrades a database. Throws, and leaves it as it was, when it is damaged. */
export async function upgradeFromFirst(transaction: IDBTransaction): Promise<void> {
  const [log, page, meta] = ["log", "page", "meta"].map((table) => transaction.objectStore(table));
  if (!log || !page || !meta) return;
  const [record, pages, keys, entries] = await Promise.all([
    done<unknown>(meta.get("manifest")),
    done<unknown[]>(page.getAll()),
    done<IDBValidKey[]>(log.getAllKeys()),
    done<unknown[]>(log.getAll()),
  ]);
  for (const table of [log, page, meta]) table.clear();
  if (record === undefined) return;
  const first = JSON.parse(new TextDecoder().decode(opened(record, "the manifest"))) as FirstManifest;
  const manifest = upgraded(first, keys);
  if (pages.length !== first.pages) {
    throw new StoreError("CORRUPT", `the checkpoint has ${pages.length} pages instead of ${first.pages}`);
  }
  pages.forEach((bytes, at) => void page.put(resealed(at, opened(bytes, `page ${at}`)), at));
  keys.forEach((key, at) => {
    if (typeof key === "number" && isValid(manifest, key)) void log.put(resealed(key, opened(entries[at], `log record ${key}`)), key);
  });
  void meta.put(encodeManifest(manifest), keyOf(manifest));
}

/** The owner's own log is whole flushes, because a transaction of the first layout was one. */
function upgraded({ epoch, pages, segments }: FirstManifest, keys: readonly IDBValidKey[]): Manifest {
  const own = keys.filter((key) => typeof key === "number" && key >= firstKey(epoch));
  const start = typeof own[0] === "number" ? own[0] : firstKey(epoch);
  return { serial: 1, epoch, pages: { first: 0, count: pages }, segments, start };
}

function isValid({ start, segments }: Manifest, key: number): boolean {
  return key >= start || segments.some(([first, last]) => first <= key && key <= last);
}

function resealed(key: number, payload: Uint8Array): Uint8Array {
  return seal({ owner: Math.floor(key / EPOCH_SPAN), sequence: key % EPOCH_SPAN, payload, isLast: true });
}

function opened(record: unknown, what: string): Uint8Array {
  if (!(record instanceof Uint8Array) || record.length < FIRST_HEADER_BYTES) throw corrupt(what);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(0, true) !== crc32(record.subarray(4))) throw corrupt(what);
  return record.subarray(FIRST_HEADER_BYTES);
}

function done<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}

/** The CRC-32 of bytes, the one of zip. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

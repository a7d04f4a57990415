/** The manifest of an IndexedDB store: which of its records are valid. */
import { StoreError } from "../reply.js";
import { seal, unseal } from "./frame.js";

/** The keys of the log's records: the owner's epoch in the upper half, a count in the lower. */
export const EPOCH_SPAN = 2 ** 32;

const VERSION = 1;

/** What is valid. Written by each owner when it takes the store over, and by each checkpoint. */
export interface Manifest {
  /** The layout. */
  readonly version: number;
  /** The owner: a greater one fences this one off. */
  readonly epoch: number;
  /** The checkpoint, which is also the tag of its pages. */
  readonly generation: number;
  /** The number of its pages. */
  readonly pages: number;
  /** The log of earlier owners since then, as first and last keys. What such an owner wrote later is not valid. */
  readonly segments: readonly (readonly [first: number, last: number])[];
}

/** The manifest of a store that does not exist yet. */
export const EMPTY: Manifest = { version: VERSION, epoch: 0, generation: 0, pages: 0, segments: [] };

/** The bytes of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return seal(VERSION, new TextEncoder().encode(JSON.stringify(manifest)));
}

/** A manifest from its bytes, checked. */
export function decodeManifest(record: unknown): Manifest {
  if (record === undefined) return EMPTY;
  const { tag, payload } = unseal(record, "the manifest");
  if (tag > VERSION) {
    throw new StoreError("STORAGE", `the store was written by a newer version (layout ${tag}): update the package`);
  }
  // The checksum says that this is what encodeManifest wrote.
  return JSON.parse(new TextDecoder().decode(payload)) as Manifest;
}

/** The first log key of an owner. */
export function firstKey(epoch: number): number {
  return epoch * EPOCH_SPAN;
}

/** Whether a log record counts. */
export function isValid(manifest: Manifest, key: number): boolean {
  const own = key >= firstKey(manifest.epoch);
  return own || manifest.segments.some(([first, last]) => first <= key && key <= last);
}

/** The manifest with which the next owner takes the store over, having found these log keys. */
export function succeed(manifest: Manifest, keys: readonly number[]): Manifest {
  const own = keys.filter((key) => key >= firstKey(manifest.epoch));
  const last = own.at(-1);
  const segments = last === undefined ? manifest.segments : [...manifest.segments, [firstKey(manifest.epoch), last] as const];
  return { ...manifest, epoch: manifest.epoch + 1, segments };
}

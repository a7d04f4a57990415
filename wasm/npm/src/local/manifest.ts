/** The manifest of a stored store: which of its records are valid. */
import { StoreError } from "../reply.js";
import { corrupt, seal, unseal } from "./frame.js";

/** The keys of records: the owner's epoch in the upper half, a count in the lower. */
export const EPOCH_SPAN = 2 ** 32;

/** The layout of what is stored. */
export const LAYOUT = 2;

/** What is valid. Written by each owner when it takes the store over, and by each checkpoint. */
export interface Manifest {
  /** Counts manifests: of two, the later one counts. */
  readonly serial: number;
  /** The owner: a greater one fences this one off. */
  readonly epoch: number;
  /** The pages of the checkpoint: the key of the first, and how many. */
  readonly pages: { readonly first: number; readonly count: number };
  /** The log of earlier owners since then, as first and last keys. What such an owner wrote later is not valid. */
  readonly segments: readonly (readonly [first: number, last: number])[];
  /** The key of the owner's first log record that is valid. */
  readonly start: number;
}

/** The manifest of a store that does not exist yet. */
export const EMPTY: Manifest = { serial: 0, epoch: 0, pages: { first: 0, count: 0 }, segments: [], start: 0 };

/** The key of a manifest: each is written beside the one before, which counts until the new one is whole. */
export function keyOf(manifest: Manifest): number {
  return manifest.serial % 2;
}

/** The bytes of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const payload = new TextEncoder().encode(JSON.stringify(manifest));
  return seal({ owner: LAYOUT, sequence: manifest.serial, payload, isLast: true });
}

/** The manifest that counts, of those that are stored. */
export function decodeManifest(records: readonly unknown[]): Manifest {
  const frames = records.map((record) => unseal(record, "the manifest"));
  const whole = frames.filter((frame) => frame !== undefined).sort((one, other) => other.sequence - one.sequence);
  const [latest] = whole;
  if (!latest) {
    // A single torn one is the beginning of a store that has nothing yet.
    if (records.length > 1) throw corrupt("the manifest");
    return EMPTY;
  }
  if (latest.owner > LAYOUT) {
    throw new StoreError("STORAGE", `the store was written by a newer version (layout ${latest.owner}): update the package`);
  }
  // The checksum says that this is what encodeManifest wrote.
  return JSON.parse(new TextDecoder().decode(latest.payload)) as Manifest;
}

/** The first key of an owner. */
export function firstKey(epoch: number): number {
  return epoch * EPOCH_SPAN;
}

/** The manifest with which the next owner takes the store over, when the owner's log ends with the key `last`. */
export function succeed(manifest: Manifest, last: number | undefined): Manifest {
  const epoch = manifest.epoch + 1;
  const segments = last === undefined ? manifest.segments : [...manifest.segments, [manifest.start, last] as const];
  return { ...manifest, serial: manifest.serial + 1, epoch, segments, start: firstKey(epoch) };
}

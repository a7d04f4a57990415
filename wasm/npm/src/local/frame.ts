/**
 * The frame of everything that is stored. Numbers are 32-bit little-endian.
 *
 *     sum of the other heads | sum of the payload | owner | sequence | length, and the top bit if a write ends here
 *     payload
 *
 * The owner says who wrote it, the sequence in which order: a record in another's place is found. The length, which has
 * a checksum of its own, tells a record that was cut short, as a crash does, from one whose bytes have changed, as
 * nothing should.
 */
import { StoreError } from "../reply.js";
import { checksum } from "./checksum.js";

/** IndexedDB moves values of 64 KiB to files of their own in Chromium, ten times slower: stay well below. */
export const MAX_RECORD_BYTES = 60 * 1024;

const HEADER_BYTES = 20;
const LAST = 2 ** 31;

/** Who wrote a record, and as which of its records. */
export interface Place {
  readonly owner: number;
  readonly sequence: number;
}

/** What a record holds. */
export interface Frame extends Place {
  readonly payload: Uint8Array;
  /** Whether what was written together with it ends here. */
  readonly isLast: boolean;
}

/** Frames a payload. */
export function seal({ owner, sequence, payload, isLast }: Frame): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(record.buffer);
  view.setUint32(4, checksum(payload), true);
  view.setUint32(8, owner, true);
  view.setUint32(12, sequence, true);
  view.setUint32(16, payload.length + (isLast ? LAST : 0), true);
  view.setUint32(0, checksum(record.subarray(4, HEADER_BYTES)), true);
  record.set(payload, HEADER_BYTES);
  return record;
}

/** Frames bytes of any length as consecutive records of bounded size. */
export function* sealAll(first: Place, bytes: Uint8Array): Generator<Uint8Array> {
  const most = MAX_RECORD_BYTES - HEADER_BYTES;
  let { owner, sequence } = first;
  for (let at = 0; at < bytes.length; at += most) {
    yield seal({ owner, sequence: sequence++, payload: bytes.subarray(at, at + most), isLast: at + most >= bytes.length });
  }
}

/** Opens a frame; undefined when it was cut short. Throws when its bytes have changed; `what` names the record. */
export function unseal(record: unknown, what: string): Frame | undefined {
  if (!(record instanceof Uint8Array)) throw corrupt(what);
  if (record.length < HEADER_BYTES) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(0, true) !== checksum(record.subarray(4, HEADER_BYTES))) throw corrupt(what);
  const length = view.getUint32(16, true);
  const payload = record.subarray(HEADER_BYTES);
  if (payload.length < length % LAST) return undefined;
  if (view.getUint32(4, true) !== checksum(payload)) throw corrupt(what);
  return { owner: view.getUint32(8, true), sequence: view.getUint32(12, true), payload, isLast: length >= LAST };
}

/** A record whose bytes are not those that were written. */
export function corrupt(what: string): StoreError {
  return new StoreError("CORRUPT", `${what} is damaged: its checksum does not match`);
}

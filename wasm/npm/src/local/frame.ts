/**
 * The frame of everything that is stored. Numbers are 32-bit little-endian.
 *
 *     crc-32 of the other heads | crc-32 of the payload | owner | sequence | length, and the top bit if a write ends here
 *     payload
 *
 * The owner says who wrote it, the sequence in which order: a record in another's place is found. The length, which has
 * a checksum of its own, tells a record that was cut short, as a crash does, from one whose bytes have changed, as
 * nothing should.
 */
import { StoreError } from "../reply.js";

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
  view.setUint32(4, crc32(payload), true);
  view.setUint32(8, owner, true);
  view.setUint32(12, sequence, true);
  view.setUint32(16, payload.length + (isLast ? LAST : 0), true);
  view.setUint32(0, crc32(record.subarray(4, HEADER_BYTES)), true);
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
  if (view.getUint32(0, true) !== crc32(record.subarray(4, HEADER_BYTES))) throw corrupt(what);
  const length = view.getUint32(16, true);
  const payload = record.subarray(HEADER_BYTES);
  if (payload.length < length % LAST) return undefined;
  if (view.getUint32(4, true) !== crc32(payload)) throw corrupt(what);
  return { owner: view.getUint32(8, true), sequence: view.getUint32(12, true), payload, isLast: length >= LAST };
}

/** A record whose bytes are not those that were written. */
export function corrupt(what: string): StoreError {
  return new StoreError("CORRUPT", `${what} is damaged: its checksum does not match`);
}

/** Four tables, so that four bytes are taken at once. */
let tables: Uint32Array[] | undefined;

/** The CRC-32 of bytes, the one of zip and Ethernet. */
export function crc32(bytes: Uint8Array): number {
  const [one, two, three, four] = (tables ??= crcTables());
  if (!one || !two || !three || !four) return 0;
  let crc = -1;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    crc ^= (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    crc = (four[crc & 255] ?? 0) ^ (three[(crc >>> 8) & 255] ?? 0) ^ (two[(crc >>> 16) & 255] ?? 0) ^ (one[crc >>> 24] ?? 0);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (one[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return ~crc >>> 0;
}

function crcTables(): Uint32Array[] {
  const one = Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const next = (table: Uint32Array): Uint32Array => table.map((value) => (value >>> 8) ^ (one[value & 255] ?? 0));
  const two = next(one);
  const three = next(two);
  return [one, two, three, next(three)];
}

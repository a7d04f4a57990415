/**
 * The frame of everything that is stored: a checksum, a tag, then the payload. The checksum (CRC-32) covers tag and
 * payload; the tag says which owner or which generation wrote it. Numbers are 32-bit little-endian.
 */
import { StoreError } from "../reply.js";

/** IndexedDB moves values of 64 KiB to files of their own in Chromium, ten times slower: stay well below. */
export const MAX_RECORD_BYTES = 60 * 1024;

const HEADER_BYTES = 8;

/** A framed payload. */
export interface Frame {
  tag: number;
  payload: Uint8Array;
}

/** Frames a payload. */
export function seal(tag: number, payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(record.buffer);
  view.setUint32(4, tag, true);
  record.set(payload, HEADER_BYTES);
  view.setUint32(0, crc32(record.subarray(4)), true);
  return record;
}

/** Frames bytes of any length as records of bounded size. */
export function sealAll(tag: number, bytes: Uint8Array): Uint8Array[] {
  const most = MAX_RECORD_BYTES - HEADER_BYTES;
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += most) records.push(seal(tag, bytes.subarray(at, at + most)));
  return records;
}

/** Opens a frame. Throws when its checksum is another one; `what` names the record. */
export function unseal(record: unknown, what: string): Frame {
  if (!(record instanceof Uint8Array) || record.length < HEADER_BYTES) throw corrupt(what);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(0, true) !== crc32(record.subarray(4))) throw corrupt(what);
  return { tag: view.getUint32(4, true), payload: record.subarray(HEADER_BYTES) };
}

function corrupt(what: string): StoreError {
  return new StoreError("CORRUPT", `${what} is damaged: its checksum does not match`);
}

let table: Uint32Array | undefined;

function crc32(bytes: Uint8Array): number {
  table ??= crcTable();
  let crc = -1;
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return ~crc >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

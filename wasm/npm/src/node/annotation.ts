/**
 * The line behind each batch of an append-only file, which a Redis skips, and by which a flipped bit is told from a write
 * that a crash has cut short:
 *
 *     #CRC32C:<hex> LSN:<number of the last effect> SYNCED:<up to which byte the file was on the disk before>
 *
 * The checksum is of the bytes since the line before, lines that begin with `#` left out, and of the two numbers as eight
 * bytes each, the lowest first.
 */
const MARK = "#CRC32C:";
const LINE = /^#CRC32C:([0-9a-f]{8}) LSN:(\d+)(?: SYNCED:(\d+))?\r\n$/;
/** Castagnoli's polynomial, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
});

/** What a line says. */
export interface Annotation {
  readonly crc: number;
  readonly lsn: number;
  readonly synced: number | undefined;
}

/** The CRC-32C of bytes that follow those with the checksum `crc`. O(n). */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let sum = ~crc;
  for (let at = 0; at < bytes.length; at++) sum = (TABLE[(sum ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** The line behind bytes with this checksum. */
export function annotation(crc: number, lsn: number, synced: number): Uint8Array {
  const sum = whole(crc, lsn, synced).toString(16).padStart(8, "0");
  return new TextEncoder().encode(`${MARK}${sum} LSN:${lsn} SYNCED:${synced}\r\n`);
}

/** Reads a line, end included; undefined when it is somebody else's. */
export function parseAnnotation(line: Uint8Array): Annotation | undefined {
  const found = LINE.exec(new TextDecoder().decode(line));
  if (!found) return undefined;
  return { crc: Number.parseInt(found[1] ?? "", 16), lsn: Number(found[2]), synced: found[3] === undefined ? undefined : Number(found[3]) };
}

/** Whether it stands behind the bytes that it was made for. */
export function confirms({ crc, lsn, synced }: Annotation, of: number): boolean {
  return crc === whole(of, lsn, synced);
}

function whole(crc: number, ...numbers: (number | undefined)[]): number {
  return numbers.reduce<number>((sum, number) => (number === undefined ? sum : crc32c(bytesOf(number), sum)), crc);
}

function bytesOf(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number), true);
  return bytes;
}

/**
 * Reads a file of the append-only log.
 *
 * What stands behind the last line with a checksum was never confirmed, and is left out; but whole commands of a Redis, which
 * went on with the file and writes no checksums, are taken, and so is a file that has none at all. Bytes that their checksum
 * contradicts are damage, unless they can be what a power cut leaves of the last write: gaps, of which no later line says
 * that they had been on the disk.
 */
import { endOfCommand, nameOf } from "./commands-in.js";
import { StoreError } from "../reply.js";
import { confirms, crc32c, parseAnnotation, type Annotation } from "./annotation.js";

const [HASH, LF] = [0x23, 0x0a];
const SECTOR_BYTES = 512;
const SELECT = new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n");

/** What a file holds. */
export interface LogContents {
  /** Its whole commands. */
  readonly pieces: Uint8Array[];
  /** Where they end. */
  readonly end: number;
  /** The number of the last effect. */
  readonly lsn: number;
}

/** Reads a file's bytes; `lsn` is the number of the effect before it. Throws `CORRUPT`. */
export function readLog(bytes: Uint8Array, lsn: number): LogContents {
  return new LogReader(bytes, lsn).read();
}

/** How many commands there are in bytes that hold nothing else. */
export function commandsIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at: number | undefined = 0; at !== undefined && at < bytes.length; at = endOfCommand(bytes, at)) count++;
  return count;
}

type Part = readonly [from: number, to: number];

class LogReader {
  readonly #bytes: Uint8Array;
  readonly #pieces: Uint8Array[] = [];
  /** What stands behind the last checksum, without lines, and where that begins. */
  #batch: Part[] = [];
  #from = 0;
  /** Where the last whole command ends, or transaction. */
  #end = 0;
  #commands = 0;
  #isTogether = false;
  #lsn: number;
  #isOurs = false;

  constructor(bytes: Uint8Array, lsn: number) {
    this.#bytes = bytes;
    this.#lsn = lsn;
  }

  read(): LogContents {
    const bytes = this.#bytes;
    let [at, from] = [0, 0];
    while (at < bytes.length) {
      const isLine = bytes[at] === HASH;
      const next = isLine ? bytes.indexOf(LF, at) + 1 : endOfCommand(bytes, at);
      if (!next) break;
      if (!isLine) this.#command(at, next);
      else {
        this.#batch.push([from, at]);
        if (!this.#line(at, next)) return this.#contents();
        from = next;
      }
      at = next;
    }
    this.#batch.push([from, at]);
    return this.#tail();
  }

  #command(at: number, end: number): void {
    this.#commands++;
    const name = nameOf(this.#bytes, at);
    this.#isTogether = name === "MULTI" || (this.#isTogether && name !== "EXEC");
    if (!this.#isTogether) this.#end = end;
  }

  /** Deals with a line; false when it ends what counts. */
  #line(at: number, end: number): boolean {
    const line = parseAnnotation(this.#bytes.subarray(at, end));
    if (!line) return true;
    const crc = this.#taken(at).reduce((sum, piece) => crc32c(piece, sum), 0);
    if (confirms(line, crc) && !this.#isTogether) {
      this.#confirm(line, at, end);
      return true;
    }
    if (!this.#isUnfinished()) throw new StoreError("CORRUPT", `the bytes from ${this.#from} on do not match their checksum`);
    this.#end = this.#from;
    return false;
  }

  #confirm({ lsn }: Annotation, at: number, end: number): void {
    this.#pieces.push(...this.#taken(at));
    this.#batch = [];
    this.#from = this.#end = end;
    this.#commands = 0;
    this.#lsn = lsn;
    this.#isOurs = true;
  }

  /** There are no more whole commands. */
  #tail(): LogContents {
    const isOfRedis = SELECT.every((byte, at) => this.#bytes[this.#from + at] === byte);
    if (this.#isOurs && !isOfRedis) this.#end = this.#from;
    this.#pieces.push(...this.#taken(this.#end));
    if (this.#end > this.#from) this.#lsn += this.#commands;
    return this.#contents();
  }

  /** The bytes of the batch up to some place. */
  #taken(end: number): Uint8Array[] {
    const parts = this.#batch.filter(([from, to]) => from < Math.min(to, end));
    return parts.map(([from, to]) => this.#bytes.subarray(from, Math.min(to, end)));
  }

  #contents(): LogContents {
    return { pieces: this.#pieces, end: this.#end, lsn: this.#lsn };
  }

  /** Whether what stands behind the last checksum has sectors that were not written to their ends, and never counted. */
  #isUnfinished(): boolean {
    const rest = this.#bytes.subarray(this.#from);
    let hasGap = rest.at(-1) === 0;
    for (let end = SECTOR_BYTES - (this.#from % SECTOR_BYTES); end <= rest.length; end += SECTOR_BYTES) hasGap ||= rest[end - 1] === 0;
    return hasGap && !linesIn(rest).some(({ synced }) => synced === undefined || synced > this.#from);
  }
}

/** The checksums that stand somewhere in bytes. */
function linesIn(bytes: Uint8Array): Annotation[] {
  const found: Annotation[] = [];
  for (let at = bytes.indexOf(HASH); at >= 0; at = bytes.indexOf(HASH, at + 1)) {
    const end = bytes.indexOf(LF, at) + 1;
    const line = end > 0 ? parseAnnotation(bytes.subarray(at, end)) : undefined;
    if (line) found.push(line);
  }
  return found;
}

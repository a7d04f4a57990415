/// <reference types="node" />
/**
 * A store kept in files (`redstart/node`): Redis 7's append-only directory, the same that `redstart serve` has, so that either
 * opens what the other has written, one after the other.
 *
 *     <folder>/appendonlydir/appendonly.aof.manifest     which files belong to it, in which order
 *     <folder>/appendonlydir/appendonly.aof.1.base.aof   all data of some moment: commands, or an RDB file from elsewhere
 *     <folder>/appendonlydir/appendonly.aof.1.incr.aof   effects since then, as commands
 *
 * Each life begins a file of its own, with SELECT 0 as a Redis does. Behind each write stands a line with its checksum, as a
 * gateway writes it: a write that a crash has cut short is left out, and a flipped bit is damage.
 */
import { mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { lengthOf } from "./local/bytes.js";
import type { Storage } from "./local/storage.js";
import { annotation, crc32c } from "./node/annotation.js";
import { ifMissing, takeFolder } from "./node/lock.js";
import { commandsIn, readLog, type LogContents } from "./node/log-file.js";
import { StoreError } from "./reply.js";

const DIRECTORY = "appendonlydir";
const MANIFEST = "appendonly.aof.manifest";
/** What the manifest's last line begins with, which a Redis takes for a comment. */
const CHECKSUM = "#CRC32C:";
const SELECT = new TextEncoder().encode("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");

/** The files of a folder, for `persist`. One process at a time may have them. */
export function files(folder: string): Storage {
  return new Files(folder);
}

interface LogFile {
  readonly name: string;
  readonly sequence: number;
  readonly kind: "b" | "i";
}

class Files implements Storage {
  cutBytes = 0;
  readonly #folder: string;
  readonly #log: string;
  #files: LogFile[] = [];
  #increment: FileHandle | undefined;
  /** How long that file is, all of it on the disk. */
  #incrementBytes = 0;
  /** The number of the last effect. */
  #lsn = 0;
  #letGo = async (): Promise<void> => {};
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#log = join(folder, DIRECTORY);
  }

  async read(): Promise<Uint8Array[]> {
    await mkdir(this.#log, { recursive: true });
    this.#letGo = await takeFolder(this.#folder);
    try {
      this.#files = await this.#manifest();
      const pieces: Uint8Array[] = [];
      for (const [at, { name }] of this.#files.entries()) pieces.push(...(await this.#piecesOf(name, at === this.#files.length - 1)));
      await this.#begin(this.#files);
      return pieces;
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#behind(async () => {
      this.#lsn += commandsIn(bytes);
      const line = annotation(crc32c(bytes), this.#lsn, this.#incrementBytes);
      if (!this.#increment) throw new StoreError("CLOSED", "the files were closed");
      this.#incrementBytes += await writeAll(this.#increment, [bytes, line], this.#incrementBytes);
      await this.#increment.datasync();
    });
  }

  replace(pieces: readonly Uint8Array[]): Promise<void> {
    return this.#behind(async () => {
      const old = this.#files;
      const sequence = nextOf(old, "b");
      const base: LogFile = { name: `appendonly.aof.${sequence}.base.aof`, sequence, kind: "b" };
      const all = [SELECT, ...pieces];
      const crc = all.reduce((sum, piece) => crc32c(piece, sum), 0);
      await this.#written(base.name, [...all, annotation(crc, this.#lsn, 0)]);
      this.#files = [base];
      await this.#begin(old);
      for (const { name } of old) await rm(join(this.#log, name), { force: true });
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#increment?.close();
    this.#increment = undefined;
    await this.#letGo();
  }

  /** One at a time, in order. */
  #behind(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Begins the file of this life, or the one behind a new base, with a name that none of the files before has. */
  async #begin(before: readonly LogFile[]): Promise<void> {
    const sequence = nextOf(before, "i");
    const file: LogFile = { name: `appendonly.aof.${sequence}.incr.aof`, sequence, kind: "i" };
    const handle = await open(join(this.#log, file.name), "w");
    const header = [SELECT, annotation(crc32c(SELECT), this.#lsn, 0)];
    const headerBytes = await writeAll(handle, header, 0);
    await handle.sync();
    const old = this.#increment;
    this.#increment = handle;
    this.#incrementBytes = headerBytes;
    this.#files = [...this.#files, file];
    const lines = this.#files.map(({ name, sequence, kind }) => `file ${name} seq ${sequence} type ${kind}\n`).join("");
    await this.#written(MANIFEST, [new TextEncoder().encode(lines + checksumOf(lines))]);
    await old?.close();
  }

  /** Writes a file whole, then puts it in place. */
  async #written(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const draft = join(this.#log, `temp-${name}`);
    const handle = await open(draft, "w");
    try {
      await writeAll(handle, pieces, 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, join(this.#log, name));
    const folder = await open(this.#log, "r");
    await folder.sync().finally(() => folder.close());
  }

  async #manifest(): Promise<LogFile[]> {
    const text = await readFile(join(this.#log, MANIFEST), "utf8").catch(ifMissing(""));
    const sum = text.indexOf(CHECKSUM);
    if (sum >= 0 && text.slice(sum) !== checksumOf(text.slice(0, sum))) {
      throw new StoreError("CORRUPT", `the manifest of ${this.#folder} does not match its checksum`);
    }
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return lines.flatMap((line) => {
      const [, name, sequence, kind] = /^file (\S+) seq (\d+) type ([bih])/.exec(line) ?? [];
      if (name === undefined || name.includes("/")) throw new StoreError("CORRUPT", `the manifest of ${this.#folder} has a wrong line: ${line}`);
      return kind === "b" || kind === "i" ? [{ name, sequence: Number(sequence), kind }] : [];
    });
  }

  async #piecesOf(name: string, isLast: boolean): Promise<Uint8Array[]> {
    const bytes = new Uint8Array(await readFile(join(this.#log, name)));
    if (isRdb(bytes)) return [bytes];
    const { pieces, end, lsn } = this.#contentsOf(name, bytes);
    this.#lsn = lsn;
    if (end === bytes.length) return pieces;
    if (!isLast) throw new StoreError("CORRUPT", `${name} ends within a command at byte ${end}, and is not the last file`);
    this.cutBytes = bytes.length - end;
    // A file that is followed by others has to end whole.
    const handle = await open(join(this.#log, name), "r+");
    await handle.truncate(end);
    await handle.sync().finally(() => handle.close());
    return pieces;
  }

  #contentsOf(name: string, bytes: Uint8Array): LogContents {
    try {
      return readLog(bytes, this.#lsn);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new StoreError(error.code, `${name} in ${this.#log} is damaged: ${error.message}. Restore it from a backup`, { cause: error });
    }
  }
}

/** Writes pieces one behind the other from a place on, and gives their length. */
async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], place: number): Promise<number> {
  let at = place;
  for (let left of pieces) {
    while (left.length > 0) {
      const { bytesWritten } = await handle.write(left, 0, left.length, at);
      left = left.subarray(bytesWritten);
      at += bytesWritten;
    }
  }
  return at - place;
}

/** The line behind these lines of a manifest. */
function checksumOf(lines: string): string {
  return `${CHECKSUM}${crc32c(new TextEncoder().encode(lines)).toString(16).padStart(8, "0")}\n`;
}

/** Whether bytes are an RDB file. */
function isRdb(bytes: Uint8Array): boolean {
  return lengthOf([bytes]) >= 5 && String.fromCharCode(...bytes.subarray(0, 5)) === "REDIS";
}

function nextOf(all: readonly LogFile[], wanted: LogFile["kind"]): number {
  return all.reduce((most, { sequence, kind }) => (kind === wanted ? Math.max(most, sequence) : most), 0) + 1;
}

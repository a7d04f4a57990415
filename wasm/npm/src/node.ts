/// <reference types="node" />
/**
 * A store kept in files (`redstart/node`): Redis 7's append-only directory, the same that `redstart serve` has, so that either
 * opens what the other has written, one after the other.
 *
 *     <folder>/appendonlydir/appendonly.aof.manifest     which files belong to it, in which order
 *     <folder>/appendonlydir/appendonly.aof.1.base.aof   all data of some moment: commands, or an RDB file from elsewhere
 *     <folder>/appendonlydir/appendonly.aof.1.incr.aof   effects since then, as commands
 *
 * Each life begins a file of its own, with SELECT 0 as a Redis does, and writes no checksums; those of a gateway are skipped.
 * A write that a crash has cut short is left out, up to the last command that is whole.
 */
import { mkdir, open, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { lengthOf } from "./local/bytes.js";
import { wholeCommands } from "./local/commands-in.js";
import type { Storage } from "./local/storage.js";
import { StoreError } from "./reply.js";

const DIRECTORY = "appendonlydir";
const MANIFEST = "appendonly.aof.manifest";
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
  #isHeld = false;
  #last: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#log = join(folder, DIRECTORY);
  }

  async read(): Promise<Uint8Array[]> {
    await mkdir(this.#log, { recursive: true });
    await this.#hold();
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
      await this.#increment?.write(bytes);
      await this.#increment?.datasync();
    });
  }

  replace(pieces: readonly Uint8Array[]): Promise<void> {
    return this.#behind(async () => {
      const old = this.#files;
      const sequence = nextOf(old, "b");
      const base: LogFile = { name: `appendonly.aof.${sequence}.base.aof`, sequence, kind: "b" };
      await this.#written(base.name, [SELECT, ...pieces]);
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
    await handle.write(SELECT);
    await handle.sync();
    const old = this.#increment;
    this.#increment = handle;
    this.#files = [...this.#files, file];
    const lines = this.#files.map(({ name, sequence, kind }) => `file ${name} seq ${sequence} type ${kind}\n`);
    await this.#written(MANIFEST, [new TextEncoder().encode(lines.join(""))]);
    await old?.close();
  }

  /** Writes a file whole, then puts it in place. */
  async #written(name: string, pieces: readonly Uint8Array[]): Promise<void> {
    const draft = join(this.#log, `temp-${name}`);
    const handle = await open(draft, "w");
    try {
      for (const piece of pieces) await handle.write(piece);
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
    const { pieces, end } = wholeCommands(bytes);
    if (end === bytes.length) return pieces;
    if (!isLast) throw new StoreError("CORRUPT", `${name} ends within a command at byte ${end}, and is not the last file`);
    this.cutBytes = bytes.length - end;
    // A file that is followed by others has to end whole.
    const handle = await open(join(this.#log, name), "r+");
    await handle.truncate(end);
    await handle.sync().finally(() => handle.close());
    return pieces;
  }

  /** Takes the folder. A process that has gone without a word leaves its number behind. */
  async #hold(): Promise<void> {
    await refuseGateway(join(this.#folder, "redstart.lock"), this.#folder);
    const path = this.#lockPath;
    const holder = Number(await readFile(path, "utf8").catch(ifMissing("0")));
    if (holder > 0 && isRunning(holder)) throw held(this.#folder, `process ${holder}`);
    await rm(path, { force: true });
    const handle = await open(path, "wx").catch(() => {
      throw held(this.#folder, "another process");
    });
    await handle.write(String(process.pid));
    await handle.close();
    this.#isHeld = true;
  }

  async #letGo(): Promise<void> {
    if (this.#isHeld) await rm(this.#lockPath, { force: true });
    this.#isHeld = false;
  }

  get #lockPath(): string {
    return join(this.#folder, "redstart.node.lock");
  }
}

/** Whether bytes are an RDB file. */
function isRdb(bytes: Uint8Array): boolean {
  return lengthOf([bytes]) >= 5 && String.fromCharCode(...bytes.subarray(0, 5)) === "REDIS";
}

function nextOf(all: readonly LogFile[], wanted: LogFile["kind"]): number {
  return all.reduce((most, { sequence, kind }) => (kind === wanted ? Math.max(most, sequence) : most), 0) + 1;
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

/** A gateway holds the folder by a lock of the operating system, which Linux lists. */
async function refuseGateway(path: string, folder: string): Promise<void> {
  const { stat } = await import("node:fs/promises");
  const lock = await stat(path).catch(ifMissing(undefined));
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  if (lock && locks.split("\n").some((line) => line.includes("FLOCK") && line.includes(`:${lock.ino} `))) throw held(folder, "a gateway");
}

function held(folder: string, by: string): StoreError {
  return new StoreError("LOCKED", `the folder ${folder} is in use by ${by}: stop that one, or choose another folder`);
}

function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (Object(error).code === "ENOENT") return instead;
    throw error;
  };
}

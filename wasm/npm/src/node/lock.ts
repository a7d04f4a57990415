/// <reference types="node" />
/**
 * A folder that is one process's own, wherever Node.js runs: a file with the process's number, and on Linux the time of its
 * start, since numbers come again. A gateway looks for it, too, and holds the folder by a lock of the operating system, which
 * Linux lists. Each announces itself before it looks for the other, so that of two that come at once at most one goes on.
 */
import { link, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StoreError } from "../reply.js";

/** Takes a folder; the result lets it go. Throws `LOCKED` when another one has it. */
export async function takeFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "redstart.node.lock");
  const release = (): Promise<void> => rm(path, { force: true });
  await announce(folder, path);
  if (await isHeldByGateway(join(folder, "redstart.lock"))) {
    await release();
    throw held(folder, "a gateway");
  }
  return release;
}

/** Puts the file in place with its contents in one step. */
async function announce(folder: string, path: string): Promise<void> {
  const own = `${path}.${process.pid}.${Math.random()}`;
  const line = [process.pid, await startOf(process.pid)].join(" ").trim();
  await writeFile(own, line);
  try {
    while (!(await isLinked(own, path))) {
      const holder = await readFile(path, "utf8").catch(ifMissing(undefined));
      if (holder !== undefined) await removeStale(folder, path, holder);
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (Object(error).code === "EEXIST") return false;
    throw error;
  }
}

/** Takes the file of a process that has gone without a word out of the way, and no other that has come meanwhile. */
async function removeStale(folder: string, path: string, holder: string): Promise<void> {
  const [id, start] = holder.split(" ");
  if (await isRunning(Number(id), start)) throw held(folder, `process ${id}`);
  const aside = `${path}.${process.pid}.${Math.random()}`;
  await rename(path, aside).catch(ifMissing(undefined));
  const moved = await readFile(aside, "utf8").catch(ifMissing(holder));
  if (moved !== holder) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function isRunning(id: number, start: string | undefined): Promise<boolean> {
  if (!(id > 0)) return false;
  try {
    process.kill(id, 0);
  } catch (error) {
    // One that must not be asked is there.
    if (Object(error).code !== "EPERM") return false;
  }
  const started = await startOf(id);
  return start === undefined || started === undefined || started === start;
}

/** When a process started, in Linux's ticks since the machine did. */
async function startOf(id: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${id}/stat`, "utf8").catch(() => undefined);
  // The name, which comes second, may have blanks in it.
  return line?.slice(line.lastIndexOf(")") + 2).split(" ")[19];
}

async function isHeldByGateway(path: string): Promise<boolean> {
  const lock = await stat(path).catch(ifMissing(undefined));
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  return lock !== undefined && locks.split("\n").some((line) => line.includes("FLOCK") && line.includes(`:${lock.ino} `));
}

function held(folder: string, by: string): StoreError {
  return new StoreError("LOCKED", `the folder ${folder} is in use by ${by}: stop that one, or choose another folder`);
}

/** For `catch`: something else in the place of what is not there. */
export function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (Object(error).code === "ENOENT") return instead;
    throw error;
  };
}

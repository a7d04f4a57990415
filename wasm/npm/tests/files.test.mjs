/** A store in files: what survives, what is cut, and that a gateway and a Redis read the same folder. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "redstart";
import { files } from "redstart/node";

const GATEWAY = process.env.REDSTART_BINARY ?? fileURLToPath(new URL("../../../target/debug/redstart", import.meta.url));

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), "redstart-files-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const open = (folder, options = {}) => new Redis({ name: "files", persist: files(folder), ...options });
const logOf = (folder) => join(folder, "appendonlydir");

test("data survives many lives and checkpoints, which leave few files", () =>
  inFolder(async (folder) => {
    for (let life = 1; life <= 5; life++) {
      const db = open(folder);
      assert.equal(await db.incr("lives"), life);
      await db.set("large", "x".repeat(700_000));
      await db.multi().rpush("l", life).rpush("l", -life).exec();
      await db.close();
    }
    const names = await readdir(logOf(folder));
    assert.ok(names.some((name) => name.includes("base")) && names.length <= 6, names.join());
    const db = open(folder);
    assert.deepEqual(await db.lrange("l", 0, -1), [1, -1, 2, -2, 3, -3, 4, -4, 5, -5]);
    await db.close();
  }));

test("a folder is one process's at a time, and strict writes are on the disk", () =>
  inFolder(async (folder) => {
    const db = open(folder, { durability: "strict" });
    await db.set("k", "v");
    const log = (await readdir(logOf(folder))).find((name) => name.includes("incr"));
    assert.match(await readFile(join(logOf(folder), log), "latin1"), /SET/);
    await assert.rejects(open(folder).get("k"), { code: "LOCKED" });
    await db.close();
    const again = open(folder);
    assert.equal(await again.get("k"), "v");
    await again.close();
  }));

test("wherever a crash cuts the last file, whole commands are there and the rest is told of", () =>
  inFolder(async (folder) => {
    const db = open(folder);
    await db.set("a", 1);
    await db.flush();
    await db.multi().set("b", 1).set("c", 1).exec();
    await db.close();
    const [name] = (await readdir(logOf(folder))).filter((file) => file.includes("incr"));
    const whole = await readFile(join(logOf(folder), name));
    for (let length = 0; length < whole.length; length += 29) {
      const cut = `${folder}/cut`;
      await rm(cut, { recursive: true, force: true });
      await cp(logOf(folder), logOf(cut), { recursive: true });
      await writeFile(join(logOf(cut), name), whole.subarray(0, length));
      const db = open(cut);
      const states = [];
      db.on("storage", (state) => states.push(state));
      const keys = await db.exists("a", "b", "c");
      assert.ok(keys === 0 || keys === 1, `${keys} keys at ${length}`);
      const [{ cutBytes = 0 } = {}] = states;
      assert.ok(cutBytes <= length);
      await db.close();
      const again = open(cut);
      assert.equal(await again.exists("a", "b", "c"), keys);
      await again.close();
    }
  }));

test("what is no command is damage", () =>
  inFolder(async (folder) => {
    const db = open(folder);
    await db.set("k", 1);
    await db.close();
    const [name] = (await readdir(logOf(folder))).filter((file) => file.includes("incr"));
    await writeFile(join(logOf(folder), name), "nonsense");
    await assert.rejects(open(folder).get("k"), { code: "CORRUPT" });
  }));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a server on a folder, asks it over RESP, and ends it as an administrator would. */
async function served(command, words, port, requests) {
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const gone = new Promise((resolve) => child.once("exit", resolve));
  try {
    const { createClient } = await import("./resp-client.mjs");
    const client = await createClient(port, () => child.exitCode === null || assert.fail(output));
    const answers = [];
    for (const request of requests) answers.push(await client.ask(request));
    client.end();
    return answers;
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}

const SERVERS = {
  "redstart serve": (folder, port) => [
    GATEWAY,
    ["serve", "--data", folder, "--resp", `127.0.0.1:${port}`, "--http", "127.0.0.1:0", "--durability", "always"],
  ],
  "redis-server": (folder, port) => [
    "redis-server",
    ["--dir", folder, "--port", String(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--save", "", "--appendfsync", "always"],
  ],
};

for (const [name, start] of Object.entries(SERVERS)) {
  test(`${name} opens the folder, and the other way round`, () =>
    inFolder(async (folder) => {
      assert.ok(name !== "redstart serve" || existsSync(GATEWAY), `build it first: cargo build (${GATEWAY})`);
      for (let round = 0; round < 2; round++) {
        const db = open(folder);
        assert.equal(await db.incr("n"), round * 2 + 1);
        await db.hset("h", { [`node${round}`]: round });
        await db.close();
        const port = await freePort();
        const requests = [["INCR", "n"], ["HLEN", "h"], ["HSET", "h", `served${round}`, "1"]];
        const expected = [`:${round * 2 + 2}`, `:${round * 2 + 1}`, ":1"];
        assert.deepEqual(await served(...start(folder, port), port, requests), expected);
      }
      const db = open(folder);
      assert.deepEqual([await db.get("n"), await db.hlen("h")], [4, 4]);
      await db.close();
    }));
}

test("a folder is a gateway's or a process's of Node.js, not both", { skip: process.platform !== "linux" }, () =>
  inFolder(async (folder) => {
    const port = await freePort();
    const [command, words] = SERVERS["redstart serve"](folder, port);
    const child = spawn(command, words, { stdio: "ignore" });
    const gone = new Promise((resolve) => child.once("exit", resolve));
    try {
      const { createClient } = await import("./resp-client.mjs");
      (await createClient(port)).end();
      await assert.rejects(open(folder).get("k"), { code: "LOCKED" });
    } finally {
      child.kill("SIGTERM");
      await gone;
    }
    const db = open(folder);
    await db.set("k", 1);
    await assert.rejects(promisify(execFile)(command, words, { timeout: 60_000 }), /another process holds it/);
    await db.close();
  }));

test("what a process leaves that was killed holds nobody up, whoever has its number now", () =>
  inFolder(async (folder) => {
    const work = `import { Redis } from "redstart"; import { files } from "redstart/node";
      const db = new Redis({ name: "files", persist: files(${JSON.stringify(folder)}), durability: "strict" });
      await db.incr("n");
      process.kill(process.pid, "SIGKILL");`;
    const cwd = fileURLToPath(new URL("..", import.meta.url));
    await assert.rejects(promisify(execFile)(process.execPath, ["--input-type=module", "--eval", work], { cwd }));
    const lock = join(folder, "redstart.node.lock");
    assert.match(await readFile(lock, "utf8"), /^\d+/);
    // Of two that come at once, one gets it.
    const both = [open(folder), open(folder)];
    const outcomes = await Promise.allSettled(both.map((db) => db.incr("n")));
    assert.deepEqual(outcomes.map(({ value, reason }) => value ?? reason.code).sort(), [2, "LOCKED"]);
    await Promise.all(both.map((db) => db.close().catch(() => {})));
    if (process.platform !== "linux") return;
    await writeFile(lock, `${process.pid} 1`);
    const again = open(folder);
    assert.equal(await again.incr("n"), 3);
    await again.close();
  }));

test("a flipped bit is found, here and by `redstart check`", () =>
  inFolder(async (folder) => {
    const db = open(folder);
    for (let n = 0; n < 3; n++) {
      await db.set(`key:${n}`, "value");
      await db.flush();
    }
    await db.close();
    const [name] = (await readdir(logOf(folder))).filter((file) => file.includes("incr"));
    const whole = await readFile(join(logOf(folder), name));
    const check = () => promisify(execFile)(GATEWAY, ["check", folder]).then(() => true, () => false);
    assert.ok(await check());
    const end = whole.lastIndexOf("#CRC32C:");
    for (let at = 0; at < end; at++) {
      const damaged = Uint8Array.from(whole);
      damaged[at] ^= 1 << at % 8;
      await writeFile(join(logOf(folder), name), damaged);
      await assert.rejects(files(folder).read(), { code: "CORRUPT" }, `byte ${at}`);
      if (at % 50 === 0) assert.equal(await check(), false, `byte ${at}`);
    }
  }));

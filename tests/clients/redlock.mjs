// Redlock against the gateway's RESP port: node redlock.mjs HOST PORT
import assert from "node:assert/strict";
import { Redis } from "ioredis";
import Redlock, { ExecutionError } from "redlock";

const [host, port] = process.argv.slice(2);
const redis = new Redis({ host, port: Number(port), maxRetriesPerRequest: 1 });
const patient = new Redlock([redis], { retryDelay: 5, retryJitter: 0, retryCount: -1 });
const impatient = new Redlock([redis], { retryCount: 0 });

const lock = await patient.acquire(["one", "two"], 10_000);
assert.equal(await redis.get("one"), lock.value);
await assert.rejects(impatient.acquire(["two"], 10_000), ExecutionError);
const longer = await lock.extend(60_000);
assert.ok((await redis.pttl("two")) > 50_000);
await longer.release();
assert.equal(await redis.exists("one", "two"), 0);
const other = await impatient.acquire(["one"], 10_000);
await redis.set("one", "taken");
await assert.rejects(other.release(), ExecutionError);

let inside = 0;
let counter = 0;
const visit = () =>
  patient.using(["counter"], 10_000, async () => {
    assert.equal(++inside, 1);
    const before = counter;
    await redis.ping();
    counter = before + 1;
    inside--;
  });
await Promise.all(Array.from({ length: 20 }, visit));
assert.equal(counter, 20);

await redis.quit();

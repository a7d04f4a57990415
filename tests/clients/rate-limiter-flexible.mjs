// rate-limiter-flexible against the gateway's RESP port: node rate-limiter-flexible.mjs HOST PORT
import assert from "node:assert/strict";
import { Redis } from "ioredis";
import { BurstyRateLimiter, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

const [host, port] = process.argv.slice(2);
const storeClient = new Redis({ host, port: Number(port), enableOfflineQueue: true, maxRetriesPerRequest: 1 });
const limits = (keyPrefix, more) => new RateLimiterRedis({ storeClient, keyPrefix, points: 5, duration: 60, ...more });
const isRefusal = (error) => error instanceof RateLimiterRes;

const limiter = limits("plain", { blockDuration: 120 });
for (let left = 4; left >= 0; left--) assert.equal((await limiter.consume("user")).remainingPoints, left);
await assert.rejects(limiter.consume("user"), isRefusal);
assert.ok((await limiter.get("user")).msBeforeNext > 60_000);
assert.equal((await limiter.consume("other", 2)).consumedPoints, 2);
assert.equal((await limiter.reward("other")).consumedPoints, 1);
assert.equal((await limiter.penalty("other", 3)).consumedPoints, 4);
assert.equal(await limiter.delete("user"), true);
assert.equal((await limiter.consume("user")).remainingPoints, 4);

const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => limits("many").consume("crowd")));
assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 5);

const bursty = new BurstyRateLimiter(limits("slow", { points: 1 }), limits("burst", { points: 2 }));
for (let visit = 0; visit < 3; visit++) await bursty.consume("user");
await assert.rejects(bursty.consume("user"), isRefusal);

const noExpiry = limits("forever", { duration: 0 });
await noExpiry.consume("user", 3);
assert.equal(await storeClient.ttl("forever:user"), -1);

await storeClient.quit();

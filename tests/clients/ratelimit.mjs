// @upstash/ratelimit through @upstash/redis, against the gateway's REST port: node ratelimit.mjs URL TOKEN
import assert from "node:assert/strict";
import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";

const [url, token] = process.argv.slice(2);
const redis = new Redis({ url, token, enableTelemetry: false });
const limits = (prefix, limiter) =>
  new Ratelimit({ redis, limiter, prefix, ephemeralCache: false, analytics: false, timeout: 0 });

const kinds = {
  fixed: Ratelimit.fixedWindow(5, "1 d"),
  sliding: Ratelimit.slidingWindow(5, "1 d"),
  bucket: Ratelimit.tokenBucket(5, "1 d", 5),
};
for (const [name, kind] of Object.entries(kinds)) {
  const limiter = limits(name, kind);
  const answers = [];
  for (let visit = 0; visit < 7; visit++) answers.push(await limiter.limit("user"));
  assert.deepEqual(answers.map(({ success }) => success), [true, true, true, true, true, false, false], name);
  assert.deepEqual(answers.slice(0, 5).map(({ remaining }) => remaining), [4, 3, 2, 1, 0], name);
  assert.ok(answers.every(({ limit, reset }) => limit === 5 && reset > Date.now()), name);
  assert.equal((await limiter.getRemaining("user")).remaining, 0, name);
  const crowd = await Promise.all(Array.from({ length: 12 }, () => limiter.limit("crowd")));
  assert.equal(crowd.filter(({ success }) => success).length, 5, name);
  assert.equal((await limiter.limit("many", { rate: 4 })).remaining, 1, name);
  await limiter.resetUsedTokens("user");
  assert.equal((await limiter.limit("user")).success, true, name);
}

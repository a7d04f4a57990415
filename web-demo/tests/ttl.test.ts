import assert from "node:assert/strict";
import { test } from "node:test";
import { endOf, leftOf } from "../src/panes/ttl.ts";

test("the time that is left is told in its two largest units", () => {
  const left = (seconds: number): string => leftOf(seconds * 1000, 0);
  assert.deepEqual([1, 59, 60, 61, 3600, 3725, 90_000, 86_400 * 400].map(left), [
    "1s", "59s", "1m", "1m 1s", "1h", "1h 2m", "1d 1h", "400d",
  ]);
  assert.equal(leftOf(1, 0), "1s", "a part of a second is still a second");
});

test("what has ended, and what never will", () => {
  assert.equal(leftOf(1000, 1000), "expired");
  assert.equal(leftOf(endOf(-1, 5), 5), "");
  assert.equal(endOf(10, 5), 15);
});

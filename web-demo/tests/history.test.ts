import assert from "node:assert/strict";
import { test } from "node:test";
import { History, type Shelf } from "../src/line/history.ts";

function shelf(): Shelf {
  const items = new Map<string, string>();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) };
}

test("earlier lines come back, newest first, and at last what was typed", () => {
  const history = new History(shelf());
  for (const line of ["get a", "set b 1", "get c", "get c"]) history.add(line);
  assert.equal(history.older(""), "get c");
  assert.equal(history.older("get c"), "set b 1");
  assert.equal(history.newer(), "get c");
  assert.equal(history.newer(), "");
});

test("only lines that begin with what was typed are shown", () => {
  const history = new History(shelf());
  for (const line of ["get a", "set b 1", "get c"]) history.add(line);
  assert.equal(history.older("get"), "get c");
  assert.equal(history.older("get c"), "get a");
  assert.equal(history.older("get a"), undefined);
});

test("lines are kept, but not those with secrets", () => {
  const place = shelf();
  const history = new History(place);
  for (const line of ["auth secret", "HELLO 3 AUTH u p", "config set requirepass x", "ping"]) history.add(line);
  const next = new History(place);
  assert.equal(next.older(""), "ping");
  assert.equal(next.older("ping"), undefined);
});

/** The hooks, on a server and as React's store contract wants them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { Redis } from "redstart";
import { useHash, useKey, useSubscription, useZRange } from "redstart/react";
import { channelSource, keySource, View, viewOf } from "../dist/view.js";

/** Resolves when a view shows something else. */
const change = (view) =>
  new Promise((resolve) => {
    const end = view.subscribe(() => {
      resolve(view.snapshot());
      end();
    });
  });

test("on a server hooks give nothing and open nothing", () => {
  const db = new Redis({ name: "ssr", persist: { read: () => assert.fail("it was opened") } });
  const Page = () => {
    const all = [useKey(db, "k"), useHash(db, "h"), useZRange(db, "z", 0, -1), useSubscription(db, "c")];
    return createElement("p", null, all.map(String).join());
  };
  assert.equal(renderToString(createElement(Page)), "<p>undefined,undefined,undefined,undefined</p>");
});

test("a view follows its key while anybody looks", async () => {
  const db = new Redis({ name: "view" });
  await db.set("k[1]", 1);
  let reads = 0;
  const view = viewOf(db, ["counted"], () => keySource(db, "k[1]", (now) => [++reads, now.get("k[1]")]));
  const seen = [];
  const first = new Promise((resolve) => {
    const end = view.subscribe(() => {
      seen.push(view.snapshot());
      if (seen.length === 2) resolve(end);
    });
  });
  assert.equal(view, viewOf(db, ["counted"], () => assert.fail("there is one")));
  assert.equal(view.snapshot(), undefined);
  assert.deepEqual(await change(view), [1, 1]);
  assert.equal(view.snapshot(), view.snapshot());
  await db.set("k1", "another key");
  await db.set("k[1]", 2);
  (await first)();
  assert.deepEqual(seen, [[1, 1], [2, 2]]);
  assert.notEqual(view, viewOf(db, ["counted"], () => keySource(db, "k[1]", () => 0)), "nobody looks at it any more");
  await db.close();
});

test("nobody is called who has stopped looking", async () => {
  const db = new Redis({ name: "stopped" });
  let shown = 0;
  const view = new View(keySource(db, "k", (now) => now.get("k")));
  const end = view.subscribe(() => shown++);
  end();
  await db.set("k", 1);
  await db.ping();
  assert.equal(shown, 0);
  await db.close();
});

test("a channel's last message is shown", async () => {
  const db = new Redis({ name: "channel" });
  const view = new View(channelSource(db, "c"));
  const shown = change(view);
  while ((await db.publish("c", { a: 1 })) === 0);
  assert.deepEqual(await shown, { a: 1 });
  await db.close();
});

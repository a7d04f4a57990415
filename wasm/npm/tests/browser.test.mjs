/** The package in a real Chromium: what survives reloads and kills, two tabs, and strict pages. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium, serve } from "./chromium.mjs";

let server;
let browser;

before(async () => {
  server = await serve();
  browser = await Chromium.start();
});

after(async () => {
  await browser?.stop();
  server?.close();
});

/** Runs a function in a page with `redstart` loaded. */
function run(page, work, argument) {
  return page.evaluate(
    async ([code, argument]) => {
      const redstart = await import("redstart");
      return (0, eval)(code)(redstart, argument);
    },
    [`(${work})`, argument],
  );
}

test("data is there after a reload", async () => {
  const page = await browser.open(server.url);
  await run(page, async ({ Redis }) => {
    const db = new Redis({ name: "reload" });
    await db.set("k", { a: 1 });
    await db.flush();
  });
  await page.reload();
  assert.deepEqual(await run(page, ({ Redis }) => new Redis({ name: "reload" }).get("k")), { a: 1 });
  await page.close();
});

test("what flush() and close() resolved survives a killed browser", async () => {
  const page = await browser.open(server.url);
  await run(page, async ({ Redis }) => {
    const db = new Redis({ name: "killed" });
    const now = await db.ready();
    for (let n = 0; n < 20_000; n++) now.set(`key:${n}`, `value:${n}`);
    await db.flush();
    const other = new Redis({ name: "closed" });
    await other.set("k", 1);
    await other.close();
  });
  await browser.kill();
  await browser.launch();
  const again = await browser.open(server.url);
  const found = await run(again, async ({ Redis }) => {
    const db = new Redis({ name: "killed" });
    return [await db.dbsize(), await db.get("key:19999"), await new Redis({ name: "closed" }).get("k")];
  });
  assert.deepEqual(found, [20_000, "value:19999", 1]);
  await again.close();
});

test("a full storage is told to whoever writes strictly, and the store recovers when there is room", async () => {
  // A page of its own origin, whose room nobody else takes.
  const own = await serve();
  const page = await browser.open(own.url);
  const session = await page.context().newCDPSession(page);
  const quota = (size) => session.send("Storage.overrideQuotaForOrigin", { origin: new URL(own.url).origin, ...size });
  await quota({ quotaSize: 1_000_000 });
  const refused = await run(page, async ({ Redis }) => {
    globalThis.db = new Redis({ name: "full", durability: "strict" });
    globalThis.states = [];
    globalThis.db.on("storage", ({ state, error }) => globalThis.states.push(error?.code ?? state));
    await globalThis.db.set("small", 1);
    return globalThis.db.set("large", "x".repeat(2_000_000)).catch(({ code }) => code);
  });
  assert.equal(refused, "QUOTA");
  assert.equal(await run(page, () => globalThis.db.get("small")), 1);
  await quota({});
  await run(page, () => globalThis.db.flush());
  assert.deepEqual([...new Set(await page.evaluate(() => globalThis.states))], ["QUOTA", "ok"]);
  await page.reload();
  assert.equal(await run(page, ({ Redis }) => new Redis({ name: "full" }).strlen("large")), 2_000_000);
  await page.close();
  own.close();
});

test("a store moves from page to page in an RDB file, and asks to be kept", async () => {
  const page = await browser.open(server.url);
  const result = await run(page, async ({ Redis }) => {
    const from = new Redis({ name: "from" });
    await from.zadd("z", { score: 1, member: "m" });
    const file = new Blob([await from.export()]);
    const to = new Redis({ name: "to" });
    const keys = await to.import(file);
    await to.close();
    const again = new Redis({ name: "to" });
    return [keys, await again.zscore("z", "m"), typeof (await again.persisted()), typeof (await again.requestPersistence())];
  });
  assert.deepEqual(result, [1, 1, "boolean", "boolean"]);
  await page.close();
});

test("a write shortly before the tab is closed is kept", async () => {
  const page = await browser.open(server.url);
  await run(page, async ({ Redis }) => {
    globalThis.db = new Redis({ name: "left" });
    await globalThis.db.set("k", 1);
  });
  await page.close({ runBeforeUnload: false });
  const again = await browser.open(server.url);
  assert.equal(await run(again, ({ Redis }) => new Redis({ name: "left" }).get("k")), 1);
  await again.close();
});

test("a second tab is told to wait, and goes on when the first lets go", async () => {
  const first = await browser.open(server.url);
  await run(first, async ({ Redis }) => {
    globalThis.db = new Redis({ name: "tabs" });
    await globalThis.db.set("k", "from the first");
  });
  const second = await browser.open(server.url);
  const refused = await run(second, ({ Redis }) =>
    new Redis({ name: "tabs", lockTimeout: 50 }).get("k").catch(({ code, message }) => ({ code, message })),
  );
  assert.equal(refused.code, "LOCKED");
  assert.match(refused.message, /close that tab/);
  const waiting = run(second, ({ Redis }) => new Redis({ name: "tabs" }).get("k"));
  await first.evaluate(() => globalThis.db.close());
  assert.equal(await waiting, "from the first");
  await Promise.all([first.close(), second.close()]);
});

test("a strict page needs 'wasm-unsafe-eval', and is told so", async () => {
  const asked = await serve({ "content-security-policy": "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'" });
  const page = await browser.open(asked.url);
  assert.equal(await page.evaluate(PING), "PONG");
  await page.close();
  asked.close();
  const strict = await serve({ "content-security-policy": "script-src 'self' 'unsafe-inline'" });
  const refused = await browser.open(strict.url);
  assert.match(await refused.evaluate(PING), /add 'wasm-unsafe-eval' to script-src/);
  await refused.close();
  strict.close();
});

test("a page in the place of the module is named as such", async () => {
  const page = await browser.open(server.url);
  const message = await run(page, ({ Redis }) =>
    new Redis({ name: "html", wasm: () => "/nowhere.wasm" }).ping().catch(({ message }) => message),
  );
  assert.match(message, /nowhere\.wasm is not the WebAssembly module/);
  await page.close();
});

const PING = `import("redstart").then(({ Redis }) => new Redis({ name: "csp" }).ping()).catch(({ message }) => message)`;

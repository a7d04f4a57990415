/** The package in a real browser: what survives reloads and kills, tabs, workers, and strict pages. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serve } from "./chromium.mjs";

let server;
let browser;

/** Declares the tests, in the browser that `start` gives. Some look into what only one browser lets be looked into. */
export function declare(start, { isChromium }) {
  before(async () => {
    server = await serve();
    browser = await start();
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

  if (isChromium) test("a full storage is told to whoever writes strictly, and the store recovers when there is room", async () => {
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
    const result = await run(page, async ({ Redis }, isChromium) => {
      const from = new Redis({ name: "from" });
      await from.zadd("z", { score: 1, member: "m" });
      const file = new Blob([await from.export()]);
      const to = new Redis({ name: "to" });
      const keys = await to.import(file);
      await to.close();
      const again = new Redis({ name: "to" });
      const isKept = [typeof (await again.persisted())];
      // Firefox asks whoever sits before it, who is nobody here.
      if (isChromium) isKept.push(typeof (await again.requestPersistence()));
      return [keys, await again.zscore("z", "m"), isKept.join()];
    }, isChromium);
    assert.deepEqual(result, [1, 1, isChromium ? "boolean,boolean" : "boolean"]);
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

  test("a second tab is told to wait where tabs do not share, and goes on when the first lets go", async () => {
    const first = await browser.open(server.url);
    await run(first, async ({ Redis }) => {
      globalThis.db = new Redis({ name: "alone", tabs: "single" });
      await globalThis.db.set("k", "from the first");
    });
    const second = await browser.open(server.url);
    for (const tabs of ["single", "shared"]) {
      const refused = await run(
        second,
        ({ Redis }, tabs) =>
          new Redis({ name: "alone", tabs, lockTimeout: 50 }).get("k").catch(({ code, message }) => ({ code, message })),
        tabs,
      );
      assert.equal(refused.code, "LOCKED");
      assert.match(refused.message, /close that tab/);
    }
    const waiting = run(second, ({ Redis }) => new Redis({ name: "alone", tabs: "single" }).get("k"));
    await first.evaluate(() => globalThis.db.close());
    assert.equal(await waiting, "from the first");
    await Promise.all([first.close(), second.close()]);
  });

  /** A tab that has a store open, and tells of its role. */
  async function tab(name) {
    const page = await browser.open(server.url);
    await run(
      page,
      async ({ Redis }, name) => {
        globalThis.db = new Redis({ name });
        globalThis.roles = [];
        globalThis.db.on("role", (role) => globalThis.roles.push(role));
        await globalThis.db.ping();
      },
      name,
    );
    return page;
  }

  const incr = (page) => page.evaluate(() => globalThis.db.incr("n").catch(({ code }) => code));
  const roles = (page) => page.evaluate(() => globalThis.roles);

  test("tabs share a store: both write, both read at once, both hear", async () => {
    const [first, second] = [await tab("shared"), await tab("shared")];
    assert.deepEqual([await roles(first), await roles(second)], [["writer"], ["follower"]]);
    await second.evaluate(async () => {
      globalThis.heard = [];
      const watcher = globalThis.db.watch("n", ({ event }) => globalThis.heard.push(event));
      await watcher.ready;
    });
    assert.deepEqual([await incr(first), await incr(second), await incr(first)], [1, 2, 3]);
    assert.equal(await second.evaluate(async () => {
      const now = await globalThis.db.ready();
      while (now.get("n") !== 3) await new Promise((resolve) => setTimeout(resolve));
      return globalThis.heard.join();
    }), "incrby,incrby,incrby");
    const refused = await second.evaluate(async () => {
      try {
        (await globalThis.db.ready()).incr("n");
      } catch ({ code }) {
        return code;
      }
    });
    assert.equal(refused, "FOLLOWER");
    assert.equal(await second.evaluate(() => globalThis.db.transaction((now) => now.incr("n"))), 4);
    assert.deepEqual([(await roles(first)).at(-1), (await roles(second)).at(-1)], ["follower", "writer"]);
    assert.equal(await incr(first), 5);
    await Promise.all([first.close(), second.close()]);
  });

  test("when the tab that writes is killed, another one takes over, and nothing is lost or done twice", async () => {
    let pages = [await tab("killed tabs"), await tab("killed tabs"), await tab("killed tabs")];
    for (let round = 0; pages.length > 1; round++) {
      const writer = await writerOf(pages);
      pages = pages.filter((page) => page !== writer);
      // Each of the others has counted, and goes on counting while the writer dies.
      const counts = pages.map((page) =>
        page.evaluate(async () => {
          const told = { done: 0, unknown: 0 };
          const until = Date.now() + 1000;
          while (Date.now() < until) await globalThis.db.incr("n").then(() => told.done++, () => told.unknown++);
          return told;
        }),
      );
      await writer.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
      const before = round === 0 ? 0 : await pages[0].evaluate(() => globalThis.total);
      if (round === 0 && isChromium) await crash(writer);
      else await writer.close({ runBeforeUnload: false });
      const told = await Promise.all(counts);
      const [done, unknown] = ["done", "unknown"].map((name) => told.reduce((sum, counted) => sum + counted[name], 0));
      const total = Number(await pages[0].evaluate(() => globalThis.db.get("n")));
      assert.ok(done > 0 && total >= before + done && total <= before + done + unknown, `${before} + ${done} + ${unknown}: ${total}`);
      for (const page of pages) await page.evaluate((total) => (globalThis.total = total), total);
    }
    assert.equal(await writerOf(pages), pages[0]);
    await pages[0].evaluate(() => globalThis.db.close());
    await pages[0].close();
  });

  /** Waits until one of the tabs is the one that writes. */
  async function writerOf(pages) {
    for (;;) {
      for (const page of pages) if ((await roles(page)).at(-1) === "writer") return page;
    }
  }

  /** Ends a tab's process as a defect would. */
  async function crash(page) {
    const session = await page.context().newCDPSession(page);
    const crashed = new Promise((resolve) => page.once("crash", resolve));
    session.send("Page.crash").catch(() => {});
    await crashed;
    await page.close();
  }

  for (const kind of ["dedicated", "shared"]) {
    test(`a ${kind} worker keeps a store off the page, and its data`, async () => {
      const page = await browser.open(server.url);
      const use = (page, work) =>
        page.evaluate(
          async ([kind, code]) => {
            const { Redis } = await import("redstart/worker");
            return (0, eval)(code)(new Redis({ name: `in ${kind}`, worker: kind }));
          },
          [kind, `(${work})`],
        );
      const counted = await use(page, async (db) => {
        await Promise.all(Array.from({ length: 100 }, () => db.incr("n")));
        await db.close();
        return "closed";
      });
      assert.equal(counted, "closed");
      await page.reload();
      // Two pages, one of which goes without a word.
      const other = await browser.open(server.url);
      assert.deepEqual([await use(page, (db) => db.incr("n")), await use(other, (db) => db.incr("n"))], [101, 102]);
      await page.close({ runBeforeUnload: false });
      assert.equal(await use(other, (db) => db.incr("n")), 103);
      await other.close();
    });
  }

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

  test("in a sandboxed frame, where nothing may be kept, a store works in memory and says so", async () => {
    const page = await browser.open(server.url);
    const told = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          addEventListener("message", ({ data }) => resolve(data));
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          frame.srcdoc = `<script type="module">
            import { Redis } from "${url}dist/browser.js";
            const db = new Redis({ name: "sandbox" });
            const value = await db.incr("n").catch((error) => String(error));
            parent.postMessage([value, db.storage.state, db.storage.error?.code], "*");
          </script>`;
          document.body.append(frame);
        }),
      server.url,
    );
    assert.deepEqual(told, [1, "memory", "STORAGE"]);
    await page.close();
  });

  test("a page in the place of the module is named as such", async () => {
    const page = await browser.open(server.url);
    const message = await run(page, ({ Redis }) =>
      new Redis({ name: "html", wasm: () => "/nowhere.wasm" }).ping().catch(({ message }) => message),
    );
    assert.match(message, /nowhere\.wasm is not the WebAssembly module/);
    await page.close();
  });
}

const PING = `import("redstart").then(({ Redis }) => new Redis({ name: "csp" }).ping()).catch(({ message }) => message)`;

/** The browser is killed: what was promised is there. `ROUNDS` says how often, for each way that a browser keeps IndexedDB. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Chromium, serve } from "./chromium.mjs";
import { Firefox } from "./firefox.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 1);
const WRITES = 20_000;
const WRITERS = 8;
const BACKENDS = {
  LevelDB: () => Chromium.start(),
  SQLite: () => Chromium.start(["--enable-features=IdbSqliteBackingStore"]),
  Firefox: () => Firefox.start(),
};

let server;

before(async () => {
  server = await serve();
});

after(() => server?.close());

for (const [backend, start] of Object.entries(BACKENDS)) {
  for (let round = 0; round < ROUNDS; round++) {
    test(`${backend}, round ${round + 1}: what close() resolved is whole`, () =>
      withBrowser(start, async (browser) => {
        const page = await browser.open(server.url);
        await page.evaluate(async (writes) => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "closed" });
          await Promise.all(Array.from({ length: writes }, (_, n) => db.set(`key:${n}`, n)));
          await db.close();
        }, WRITES);
        const again = await reopened(browser);
        const found = await again.evaluate(async () => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "closed" });
          const [size, last] = [await db.dbsize(), await db.get(`key:${(await db.dbsize()) - 1}`)];
          await db.close();
          return [size, last];
        });
        assert.deepEqual(found, [WRITES, WRITES - 1]);
      }));

    // Firefox's driver does not get over a browser that dies while a page calls back.
    if (backend === "Firefox") continue;

    test(`${backend}, round ${round + 1}: what strict acknowledged is there, whenever the kill comes`, () =>
      withBrowser(start, async (browser) => {
        const page = await browser.open(server.url);
        const acknowledged = Array.from({ length: WRITERS }, () => 0);
        const until = 50 + Math.floor(Math.random() * 1000);
        let total = 0;
        let enough;
        const killed = new Promise((resolve) => (enough = () => resolve(browser.kill())));
        await page.exposeFunction("acknowledged", (writer, count) => {
          acknowledged[writer] = count;
          if (++total === until) enough();
        });
        page.evaluate(writeForEver, WRITERS).catch(() => {});
        await killed;
        await browser.launch();
        const again = await browser.open(server.url);
        const found = await again.evaluate(async (writers) => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "strict" });
          return Promise.all(Array.from({ length: writers }, (_, writer) => db.get(`writer:${writer}`)));
        }, WRITERS);
        acknowledged.forEach((count, writer) =>
          assert.ok((found[writer] ?? 0) >= count, `writer ${writer} has ${found[writer]} of ${count}, killed after ${until}`),
        );
      }));
  }
}

/** Runs in the page: each writer counts, and tells of what was acknowledged. */
async function writeForEver(writers) {
  const { Redis } = await import("redstart");
  const db = new Redis({ name: "strict", durability: "strict" });
  const write = async (writer) => {
    for (;;) globalThis.acknowledged(writer, await db.incr(`writer:${writer}`));
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
}

async function withBrowser(start, work) {
  const browser = await start();
  try {
    await work(browser);
  } finally {
    await browser.stop();
  }
}

async function reopened(browser) {
  await browser.kill();
  await browser.launch();
  return browser.open(server.url);
}

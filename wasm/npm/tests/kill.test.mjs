/**
 * The browser is killed: what was promised is there, in each way that a browser keeps IndexedDB. `ROUNDS` says how often:
 * 20 before a release.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { Chromium, serve } from "./chromium.mjs";
import { Firefox } from "./firefox.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 2);
const WRITES = 20_000;
const WRITERS = 8;
/** The latest report before which a writing browser is killed. */
const MOST_REPORTS = 100;
const BACKENDS = {
  "Chromium with LevelDB": () => Chromium.start(),
  "Chromium with SQLite": () => Chromium.start(["--enable-features=IdbSqliteBackingStore"]),
  Firefox: () => Firefox.start(),
};

let server;
let reports;

before(async () => {
  server = await serve();
  reports = await receiver();
});

after(() => {
  server?.close();
  reports?.close();
});

for (const [backend, start] of Object.entries(BACKENDS)) {
  for (let round = 1; round <= ROUNDS; round++) {
    test(`${backend}, round ${round}: what close() resolved is whole`, (context) =>
      withBrowser(start, async (browser) => {
        const page = await browser.open(server.url);
        await page.evaluate(async (writes) => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "closed" });
          await Promise.all(Array.from({ length: writes }, (_, n) => db.set(`key:${n}`, n)));
          await db.close();
        }, WRITES);
        const again = await reopened(browser);
        const found = await again.evaluate(async (writes) => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "closed" });
          const values = await db.mget(Array.from({ length: writes }, (_, n) => `key:${n}`));
          return values.filter((value, n) => value === n).length;
        }, WRITES);
        context.diagnostic(`${found} of ${WRITES} writes are there`);
        assert.equal(found, WRITES);
      }));

    test(`${backend}, round ${round}: what strict acknowledged is there, whenever the kill comes`, (context) =>
      withBrowser(start, async (browser) => {
        const page = await browser.open(server.url);
        const enough = reports.begin(1 + Math.floor(Math.random() * MOST_REPORTS));
        await page.evaluate(writeForEver, [reports.url, WRITERS]);
        const acknowledged = await enough;
        const again = await reopened(browser);
        const found = await again.evaluate(async (writers) => {
          const { Redis } = await import("redstart");
          const db = new Redis({ name: "strict" });
          return Promise.all(Array.from({ length: writers }, (_, writer) => db.get(`writer:${writer}`)));
        }, WRITERS);
        context.diagnostic(`${found.reduce((sum, count) => sum + (count ?? 0), 0)} writes are there, ${acknowledged.reduce((sum, count) => sum + count, 0)} were acknowledged`);
        acknowledged.forEach((count, writer) =>
          assert.ok((found[writer] ?? 0) >= count, `writer ${writer} has ${found[writer]} of ${count}`),
        );
      }));
  }
}

/**
 * Runs in the page: each writer counts, and all counts that were acknowledged are reported again and again. It returns at
 * once: a driver that waits for a page while its browser dies may wait for ever.
 */
function writeForEver([url, writers]) {
  const acknowledged = Array.from({ length: writers }, () => 0);
  const write = async (db, writer) => {
    for (;;) acknowledged[writer] = await db.incr(`writer:${writer}`);
  };
  const report = async () => {
    for (;;) await fetch(url, { method: "POST", body: JSON.stringify(acknowledged) });
  };
  void import("redstart").then(({ Redis }) => {
    const db = new Redis({ name: "strict", durability: "strict" });
    for (const writer of acknowledged.keys()) void write(db, writer);
    void report();
  });
}

/** Takes reports, outside of the browser's driver. */
async function receiver() {
  let take = () => {};
  const http = createServer(async (request, response) => {
    // One that the kill has cut short says nothing.
    const counts = await json(request).catch(() => undefined);
    if (counts) take(counts);
    response.writeHead(204, { "access-control-allow-origin": "*" }).end();
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    /** Resolves with the report of this number, counted from the first one that tells of every writer. */
    begin: (number) =>
      new Promise((resolve) => {
        let left = number;
        take = (counts) => {
          if (counts.every((count) => count > 0) && --left === 0) resolve(counts);
        };
      }),
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
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

/**
 * Operations a second in a page: the store beside a plain Map and idb-keyval, in turns, medians of the rounds. And how
 * long it takes until a store of many keys answers, beside the same keys as rows of IndexedDB.
 */
import { Chromium, serve } from "../../wasm/npm/tests/chromium.mjs";

const ROUNDS = 5;

/** Runs in the page: a round of every measurement, as `[name, operations a second]`. */
async function measure() {
  const { Redis } = await import("redstart");
  const idb = await import("/node_modules/idb-keyval/dist/index.js");
  const value = "x".repeat(100);
  const keys = Array.from({ length: 1000 }, (_, n) => `key:${n}`);
  const db = new Redis({ name: "bench" });
  const now = await db.ready();
  const map = new Map();
  for (const key of keys) {
    now.set(key, value);
    map.set(key, value);
  }
  await idb.setMany(keys.map((key) => [key, value]));
  await db.flush();
  let checked = 0;

  const synchronous = (count, work) => {
    const start = performance.now();
    for (let n = 0; n < count; n++) work(keys[n % keys.length]);
    return (count / (performance.now() - start)) * 1000;
  };
  const awaited = async (count, work) => {
    const start = performance.now();
    for (let n = 0; n < count; n++) await work(keys[n % keys.length]);
    return (count / (performance.now() - start)) * 1000;
  };
  // What is read is looked at, so that nobody may leave the reading out.
  const look = (read) => (checked += read.length);

  const figures = [
    ["get, synchronous", synchronous(300_000, (key) => look(now.get(key)))],
    ["Map get", synchronous(3_000_000, (key) => look(map.get(key)))],
    ["set, synchronous", synchronous(100_000, (key) => now.set(key, value))],
    ["get, awaited", await awaited(50_000, async (key) => look(await db.get(key)))],
    ["idb-keyval get, awaited", await awaited(2_000, async (key) => look(await idb.get(key)))],
    ["set, awaited", await awaited(50_000, (key) => db.set(key, value))],
    ["idb-keyval set, awaited", await awaited(1_000, (key) => idb.set(key, value))],
  ];
  await db.close();
  if (checked === 0) throw new Error("nothing was read");
  return figures;
}

const KEYS = 100_000;

/** Runs in the page: keeps many keys in a store, and the same as rows. */
async function fill(count) {
  const { Redis } = await import("redstart");
  const value = (n) => `${"x".repeat(90)}:${n}`;
  const db = new Redis({ name: "many" });
  const now = await db.ready();
  for (let n = 0; n < count; n++) now.set(`key:${n}`, value(n));
  await db.close();
  const request = indexedDB.open("rows");
  request.onupgradeneeded = () => request.result.createObjectStore("rows");
  await new Promise((resolve) => (request.onsuccess = resolve));
  const transaction = request.result.transaction("rows", "readwrite");
  for (let n = 0; n < count; n++) transaction.objectStore("rows").put(value(n), `key:${n}`);
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  request.result.close();
}

/** Runs in a fresh page: milliseconds until the store answers, its module included. */
async function open(count) {
  const { Redis } = await import("redstart");
  const start = performance.now();
  const db = new Redis({ name: "many" });
  const last = await db.get(`key:${count - 1}`);
  const milliseconds = performance.now() - start;
  await db.close();
  if (!last?.endsWith(`:${count - 1}`)) throw new Error("the last key is not there");
  return milliseconds;
}

/** Runs in a fresh page: milliseconds until all rows are there, in a database that is open. */
async function getAll(count) {
  const request = indexedDB.open("rows");
  await new Promise((resolve) => (request.onsuccess = resolve));
  const start = performance.now();
  const all = request.result.transaction("rows").objectStore("rows").getAll();
  await new Promise((resolve) => (all.onsuccess = resolve));
  const milliseconds = performance.now() - start;
  request.result.close();
  if (all.result.length !== count) throw new Error("rows are missing");
  return milliseconds;
}

function median(figures) {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)];
}

const server = await serve();
const browser = await Chromium.start();

async function inPage(work) {
  const page = await browser.open(server.url);
  const result = await page.evaluate(work, KEYS);
  await page.close();
  return result;
}

try {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.open(server.url);
    rounds.push(new Map(await page.evaluate(measure)));
    await page.close();
  }
  await inPage(fill);
  for (const round of rounds) {
    round.set("open a store of 100,000 keys, milliseconds", await inPage(open));
    round.set("getAll of 100,000 rows, milliseconds", await inPage(getAll));
  }
  const figure = (name) => median(rounds.map((round) => round.get(name)));
  const ratio = (name, other) => (figure(name) / figure(other)).toPrecision(3);
  for (const name of rounds[0].keys()) console.log(`${name}\t${Math.round(figure(name))}`);
  console.log(`ratio of get, synchronous, to Map\t${ratio("get, synchronous", "Map get")}`);
  console.log(`ratio of get, awaited, to idb-keyval\t${ratio("get, awaited", "idb-keyval get, awaited")}`);
  const [opening, rows] = ["open a store of 100,000 keys, milliseconds", "getAll of 100,000 rows, milliseconds"];
  console.log(`ratio of open a store to getAll\t${ratio(opening, rows)}`);
  console.log(`ratio of set, awaited, to idb-keyval\t${ratio("set, awaited", "idb-keyval set, awaited")}`);
} finally {
  await browser.stop();
  server.close();
}

/** What is measured, in the page. Every store is asked in the same way: one awaited call at a time. */
import Dexie from "dexie";
import * as idbKeyval from "idb-keyval";
import localforage from "localforage";
import PouchDB from "pouchdb-browser";
import { createStore } from "tinybase";
import { createIndexedDbPersister } from "tinybase/persisters/persister-indexed-db";

const CALLS = 100_000;
const AT_ONCE = 10_000;
const LONGEST_MS = 1500;
const ROWS = 100_000;
const VALUE = "v".repeat(100);
const keyOf = (n) => `key:${String(n).padStart(6, "0")}`;

/** How each store is opened: its calls, in a form that they all share. */
const STORES = {
  async Redstart(name) {
    const { Redis } = await import("/dist/browser.js");
    const db = new Redis({ name });
    await db.ping();
    const { text } = db;
    return { set: (key, value) => db.set(key, value), get: (key) => text.get(key), flush: () => db.flush(), close: () => db.close() };
  },
  async "idb-keyval"(name) {
    const store = idbKeyval.createStore(name, "keyval");
    return { set: (key, value) => idbKeyval.set(key, value, store), get: (key) => idbKeyval.get(key, store) };
  },
  async localForage(name) {
    const store = localforage.createInstance({ name });
    await store.ready();
    return { set: (key, value) => store.setItem(key, value), get: (key) => store.getItem(key) };
  },
  async Dexie(name) {
    const db = new Dexie(name);
    db.version(1).stores({ rows: "key" });
    await db.open();
    return { set: (key, value) => db.rows.put({ key, value }), get: (key) => db.rows.get(key) };
  },
  async PouchDB(name) {
    const db = new PouchDB(name);
    await db.info();
    return { set: (_id, value) => db.put({ _id, value }), get: (id) => db.get(id), isNewOnly: true };
  },
  async TinyBase(name) {
    const store = createStore();
    const persister = createIndexedDbPersister(store, name);
    await persister.startAutoSave();
    const close = () => persister.destroy();
    return { set: async (key, value) => store.setCell("rows", key, "value", value), get: async (key) => store.getCell("rows", key, "value"), close };
  },
  async "PGlite in memory"() {
    const { PGlite } = await import("/peers/node_modules/@electric-sql/pglite/dist/index.js");
    const db = new PGlite();
    await db.exec("create table rows (key text primary key, value text)");
    return {
      set: (key, value) => db.query("insert into rows values ($1, $2) on conflict (key) do update set value = $2", [key, value]),
      get: (key) => db.query("select value from rows where key = $1", [key]),
      close: () => db.close(),
    };
  },
};

/** Calls a second, one after the other. */
async function rate(call) {
  const begun = performance.now();
  let calls = 0;
  for (; calls < CALLS && performance.now() - begun < LONGEST_MS; calls++) await call(calls);
  return (calls * 1000) / (performance.now() - begun);
}

/** Measures a store. */
export async function measure(name, round) {
  const store = await STORES[name](`${name} ${round} ${Math.random()}`);
  let written = 0;
  const set = await rate((n) => {
    written = n + 1;
    return store.set(keyOf(n), VALUE);
  });
  const get = await rate((n) => store.get(keyOf(n % written)));
  await store.close?.();
  return { set, get };
}

/** What is measured of Redstart alone: opening, and the synchronous view. */
export async function alone() {
  const { Redis } = await import("/dist/browser.js");
  const name = `alone ${Math.random()}`;
  const db = new Redis({ name });
  const now = await db.ready();
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => db.set(keyOf(n), VALUE)));
  await db.flush();
  const durable = performance.now() - started;
  for (let n = 0; n < ROWS; n++) now.set(keyOf(n), VALUE);
  const get = perSecond((n) => now.get(keyOf(n % ROWS)));
  await db.close();
  const map = new Map(Array.from({ length: ROWS }, (_, n) => [keyOf(n), VALUE]));
  const fromMap = perSecond((n) => map.get(keyOf(n % ROWS)));
  const begun = performance.now();
  const again = new Redis({ name });
  await again.dbsize();
  const open = performance.now() - begun;
  await again.close();
  return { get, fromMap, durable, open, rows: await rows() };
}

function perSecond(call) {
  const begun = performance.now();
  for (let n = 0; n < 2 * ROWS; n++) call(n);
  return (2 * ROWS * 1000) / (performance.now() - begun);
}

/** How long `getAll` takes for as many rows of IndexedDB. */
async function rows() {
  const name = `rows ${Math.random()}`;
  const opened = () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("rows");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await opened();
  const filling = database.transaction("rows", "readwrite");
  for (let n = 0; n < ROWS; n++) filling.objectStore("rows").put(VALUE, keyOf(n));
  await new Promise((resolve) => (filling.oncomplete = resolve));
  database.close();
  const begun = performance.now();
  const again = await opened();
  await new Promise((resolve) => (again.transaction("rows").objectStore("rows").getAll().onsuccess = resolve));
  const took = performance.now() - begun;
  again.close();
  return took;
}

export const names = Object.keys(STORES);

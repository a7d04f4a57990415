/** The list of keys with type and time to live. */
import type { Reply } from "redstart";
import { element, h, messageOf } from "../dom.ts";
import type { Store } from "../store.ts";
import { show, textOf } from "../text.ts";
import { endOf, leftOf } from "./ttl.ts";
import { ValueView } from "./value.ts";

const KEYS_AT_ONCE = 100;
/** Longer lists are cut at a refresh, which has to ask for every key. */
const MOST_REFRESHED = 1000;
/** A filter that matches little must not scan a large store to its end at once. */
const MOST_ROUNDS = 50;
const FILTERED_COUNT = 1000;
const PAUSE_MS = 150;
const GLOB = /[*?[\]\\]/;

interface Row {
  readonly key: Uint8Array;
  /** The key as it is shown. */
  readonly name: string;
  readonly type: string;
  readonly end: number | undefined;
  readonly item: HTMLElement;
  readonly ttl: HTMLElement;
}

interface Found {
  readonly keys: Uint8Array[];
  readonly cursor: string;
}

/** The pane. */
export class KeysPane {
  readonly #list = element("key-list", HTMLDivElement);
  readonly #note = element("key-note", HTMLParagraphElement);
  readonly #count = element("key-count", HTMLSpanElement);
  readonly #more = element("more-keys", HTMLButtonElement);
  readonly #pattern = element("key-pattern", HTMLInputElement);
  readonly #type = element("key-type", HTMLSelectElement);
  readonly #value: ValueView;
  readonly #store: Store;
  #rows: Row[] = [];
  #active = -1;
  #cursor = "0";
  /** Counts refreshes, so that a late answer does not replace a newer one. */
  #round = 0;
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#value = new ValueView(store, () => this.#list.focus());
    element("refresh-keys", HTMLButtonElement).addEventListener("click", () => this.refresh());
    this.#more.addEventListener("click", () => void this.#add());
    this.#list.addEventListener("keydown", (event) => this.#pressed(event));
    this.#list.addEventListener("click", ({ target }) => this.#clicked(target));
    element("key-filter", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.refresh();
    });
    this.#pattern.addEventListener("input", () => this.#soon());
    this.#type.addEventListener("change", () => this.refresh());
    store.written.on(() => this.#soon());
    store.sessionChanged.on(() => this.#soon());
    store.switched.on(() => this.#empty());
    // Others may have written while the reader was elsewhere.
    addEventListener("focus", () => this.#soon());
    setInterval(() => this.#tick(), 1000);
  }

  /** The names of the keys that are listed. */
  names(): readonly string[] {
    return this.#rows.map(({ key }) => textOf(key)).filter((name) => name !== undefined);
  }

  /** Reads the list and the open value again; what was listed stays listed. */
  refresh(): void {
    clearTimeout(this.#due);
    if (this.#store.session.isInTransaction) {
      this.#note.textContent = "Not refreshed within a transaction.";
      return;
    }
    void this.#read(Math.min(Math.max(KEYS_AT_ONCE, this.#rows.length), MOST_REFRESHED));
    this.#value.refresh();
  }

  /** A store that does not answer is not asked without need. */
  #soon(): void {
    clearTimeout(this.#due);
    if (this.#store.status.level !== "bad") this.#due = setTimeout(() => this.refresh(), PAUSE_MS);
  }

  #empty(): void {
    this.#round++;
    this.#value.close();
    this.#replace([]);
    this.#count.textContent = "";
    this.#note.textContent = "";
    this.#more.hidden = true;
  }

  async #read(wanted: number): Promise<void> {
    const round = ++this.#round;
    try {
      // A user who may not ask for the number may still see keys.
      const size = this.#store.ask<number>(["DBSIZE"]).catch(() => undefined);
      const found = await this.#scan("0", wanted);
      const rows = await rowsOf(this.#store, found.keys);
      const total = await size;
      if (round !== this.#round) return;
      this.#replace(rows.sort((a, b) => (a.name < b.name ? -1 : 1)));
      this.#count.textContent = total?.toLocaleString("en") ?? "";
      this.#scanned(found.cursor);
    } catch (error) {
      if (round === this.#round) this.#note.textContent = messageOf(error);
    }
  }

  /** Lists the next page below. */
  async #add(): Promise<void> {
    const round = ++this.#round;
    try {
      const found = await this.#scan(this.#cursor, KEYS_AT_ONCE);
      const known = new Set(this.#rows.map(({ name }) => name));
      const rows = (await rowsOf(this.#store, found.keys)).filter(({ name }) => !known.has(name));
      if (round !== this.#round) return;
      this.#rows.push(...rows);
      this.#list.append(...rows.map(({ item }) => item));
      this.#number();
      this.#scanned(found.cursor);
    } catch (error) {
      this.#note.textContent = messageOf(error);
    }
  }

  async #scan(from: string, wanted: number): Promise<Found> {
    const type = this.#type.value;
    const count = this.#isFiltered ? FILTERED_COUNT : KEYS_AT_ONCE;
    const options = ["MATCH", this.#glob(), "COUNT", count, ...(type ? ["TYPE", type] : [])];
    // A SCAN may give a key twice.
    const keys = new Map<string, Uint8Array>();
    let cursor = from;
    for (let round = 0; round < MOST_ROUNDS && keys.size < wanted; round++) {
      const reply = await this.#store.askBytes<[Reply, Uint8Array[]]>(["SCAN", cursor, ...options]);
      for (const key of reply[1]) keys.set(show(key), key);
      cursor = reply[0] instanceof Uint8Array ? (textOf(reply[0]) ?? "0") : String(reply[0]);
      if (cursor === "0") break;
    }
    return { keys: [...keys.values()], cursor };
  }

  get #isFiltered(): boolean {
    return this.#pattern.value.trim() !== "" || this.#type.value !== "";
  }

  /** Plain text is looked for anywhere in a key. */
  #glob(): string {
    const typed = this.#pattern.value.trim();
    if (typed === "") return "*";
    return GLOB.test(typed) ? typed : `*${typed}*`;
  }

  #scanned(cursor: string): void {
    this.#cursor = cursor;
    this.#more.hidden = cursor === "0";
    const isFiltered = this.#isFiltered;
    if (this.#rows.length > 0) this.#note.textContent = isFiltered ? `${this.#rows.length} shown` : "";
    else if (isFiltered) this.#note.textContent = cursor === "0" ? "No key matches." : "No match so far.";
    else this.#note.textContent = "No keys yet. Try SET greeting hello.";
  }

  #replace(rows: Row[]): void {
    const active = this.#rows[this.#active]?.name;
    const top = this.#list.scrollTop;
    this.#rows = rows;
    this.#list.replaceChildren(...rows.map(({ item }) => item));
    this.#list.scrollTop = top;
    this.#number();
    this.#activate(rows.findIndex(({ name }) => name === active));
  }

  #number(): void {
    this.#rows.forEach(({ item }, at) => (item.id = `key-${at}`));
  }

  #pressed(event: KeyboardEvent): void {
    const last = this.#rows.length - 1;
    const steps: Record<string, number> = { ArrowDown: this.#active + 1, ArrowUp: this.#active - 1, Home: 0, End: last };
    Object.assign(steps, { PageDown: this.#active + 10, PageUp: this.#active - 10 });
    const next = steps[event.key];
    if (next !== undefined) this.#activate(Math.max(0, Math.min(next, last)));
    else if (event.key === "Enter" || event.key === " ") void this.#openActive();
    else return;
    event.preventDefault();
  }

  #clicked(target: EventTarget | null): void {
    const item = target instanceof Element ? target.closest("[role=option]") : null;
    const index = this.#rows.findIndex((row) => row.item === item);
    if (index < 0) return;
    this.#activate(index);
    void this.#openActive();
  }

  #activate(index: number): void {
    this.#rows[this.#active]?.item.setAttribute("aria-selected", "false");
    for (const { item } of this.#rows) if (item.ariaSelected === "true") item.setAttribute("aria-selected", "false");
    this.#active = index;
    const row = this.#rows[index];
    if (!row) return this.#list.removeAttribute("aria-activedescendant");
    row.item.setAttribute("aria-selected", "true");
    row.item.scrollIntoView({ block: "nearest" });
    this.#list.setAttribute("aria-activedescendant", row.item.id);
  }

  async #openActive(): Promise<void> {
    const row = this.#rows[this.#active];
    if (!row) return;
    await this.#value.open(row.key);
    this.#value.focus();
  }

  #tick(): void {
    const now = Date.now();
    for (const { end, ttl, item } of this.#rows) {
      if (end === undefined) continue;
      ttl.textContent = leftOf(end, now);
      item.classList.toggle("expired", end <= now);
    }
    this.#value.tick();
  }
}

async function rowsOf(store: Store, keys: readonly Uint8Array[]): Promise<Row[]> {
  const now = Date.now();
  const rows = keys.map(async (key) => {
    const [type, pttl] = await Promise.all([store.ask<string>(["TYPE", key]), store.ask<number>(["PTTL", key])]);
    // It went between SCAN and here.
    return type === "none" ? undefined : rowOf(key, type, endOf(pttl, now));
  });
  return (await Promise.all(rows)).filter((row) => row !== undefined);
}

function rowOf(key: Uint8Array, type: string, end: number | undefined): Row {
  const name = show(key);
  const ttl = h("span", { class: "ttl" }, leftOf(end, Date.now()));
  const badge = h("span", { class: "type", "data-type": type }, type);
  const item = h("div", { role: "option", "aria-selected": "false" }, badge, h("span", { class: "key" }, name || '""'), ttl);
  return { key, name, type, end, item, ttl };
}

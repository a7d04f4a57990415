/** One key's value, below the list of keys. */
import { button, element, h, messageOf } from "../dom.ts";
import type { Store } from "../store.ts";
import { show, showLines, textOf } from "../text.ts";
import { endOf, leftOf } from "./ttl.ts";
import { VIEWS, type Cell, type Page, type View } from "./value-loader.ts";

/** Shows values. */
export class ValueView {
  readonly #root = element("value", HTMLDivElement);
  readonly #ttl = h("span", { class: "ttl" });
  readonly #store: Store;
  readonly #left: () => void;
  #key: Uint8Array | undefined;
  #end: number | undefined;
  /** Counts what was asked for, so that a late answer does not replace a newer one. */
  #asked = 0;

  /** `left` is called when the reader is done with the value. */
  constructor(store: Store, left: () => void) {
    this.#store = store;
    this.#left = left;
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
  }

  /** The key that is shown. */
  get key(): Uint8Array | undefined {
    return this.#key;
  }

  /** Shows a key's value. */
  async open(key: Uint8Array): Promise<void> {
    const asked = ++this.#asked;
    this.#key = key;
    try {
      const content = await this.#load(key);
      if (asked !== this.#asked) return;
      this.#root.replaceChildren(...content);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#root.replaceChildren(this.#bar(key), h("p", { class: "error" }, messageOf(error)));
    }
    this.#root.setAttribute("aria-label", `Value of ${show(key)}`);
    this.#root.hidden = false;
    this.tick();
  }

  /** Reads the shown value again. */
  refresh(): void {
    if (this.#key) void this.open(this.#key);
  }

  /** Puts the keyboard into the value. */
  focus(): void {
    this.#root.focus();
  }

  /** Hides it and hands the keyboard back. */
  close(): void {
    const hadFocus = this.#root.contains(document.activeElement);
    this.#asked++;
    this.#key = undefined;
    this.#root.hidden = true;
    if (hadFocus) this.#left();
  }

  /** A second has passed. */
  tick(): void {
    this.#ttl.textContent = leftOf(this.#end, Date.now());
  }

  async #load(key: Uint8Array): Promise<Node[]> {
    const store = this.#store;
    const [type, pttl] = await Promise.all([store.ask<string>(["TYPE", key]), store.ask<number>(["PTTL", key])]);
    this.#end = endOf(pttl, Date.now());
    if (type === "none") return [this.#bar(key), h("p", { class: "note" }, "This key is not there any more.")];
    const view = VIEWS[type];
    if (!view) return [this.#bar(key, type), h("p", { class: "note" }, `Values of the type ${type} cannot be shown here.`)];
    const [command, unit] = view.size;
    const [size, page] = await Promise.all([store.ask<number>([command, key]), view.read(store, key, "0")]);
    return [this.#bar(key, type, `${size.toLocaleString("en")} ${unit}`), this.#content(key, view, page)];
  }

  #bar(key: Uint8Array, type = "", size = ""): HTMLElement {
    const close = button("Close", { "aria-label": "Close the value" }, () => this.close());
    const badge = type ? [h("span", { class: "type", "data-type": type }, type)] : [];
    const facts = h("p", { class: "facts" }, ...badge, h("span", {}, size), this.#ttl);
    return h("div", { class: "value-bar" }, h("h3", {}, show(key)), close, facts);
  }

  #content(key: Uint8Array, view: View, page: Page): HTMLElement {
    const body = view.columns.length > 0 ? h("tbody") : h("pre");
    const holder = h("div", { class: "value-body" }, body);
    if (body instanceof HTMLTableSectionElement) {
      const head = h("thead", {}, h("tr", {}, ...view.columns.map((name) => h("th", { scope: "col" }, name))));
      holder.replaceChildren(h("table", {}, head, body));
    }
    this.#pour(key, view, page, body, holder);
    return holder;
  }

  #pour(key: Uint8Array, view: View, page: Page, body: HTMLElement, holder: HTMLElement): void {
    if (view.columns.length > 0) body.append(...page.rows.map(rowOf));
    else body.append(page.next === undefined ? readable(page.rows[0]?.[0] ?? "") : showLines(page.rows[0]?.[0] ?? ""));
    const { next } = page;
    if (next === undefined) return;
    const more = button("More", { class: "more" }, () => {
      void view.read(this.#store, key, next).then((following) => {
        more.remove();
        this.#pour(key, view, following, body, holder);
      });
    });
    holder.append(more);
  }
}

function rowOf(cells: readonly Cell[]): HTMLElement {
  return h("tr", {}, ...cells.map((cell) => h("td", {}, typeof cell === "string" ? cell : show(cell))));
}

/** JSON objects and lists are indented, everything else stays as it is. */
function readable(cell: Cell): string {
  const text = textOf(cell);
  if (text === undefined || !/^\s*[[{]/.test(text)) return showLines(cell);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return showLines(cell);
  }
}

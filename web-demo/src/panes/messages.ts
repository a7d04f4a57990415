/** Publish and subscribe. */
import type { Subscriber } from "redstart";
import { button, element, h, messageOf } from "../dom.ts";
import type { Store } from "../store.ts";
import { show } from "../text.ts";

const MOST_MESSAGES = 1000;
const GLOB = /[*?[\]]/;

/** What a name is listened to as. */
export type SubscriptionKind = "channels" | "patterns";

interface Subscription {
  readonly kind: SubscriptionKind;
  readonly name: string;
  subscriber: Subscriber<string>;
}

/** The pane. */
export class MessagesPane {
  readonly #list = element("message-list", HTMLDivElement);
  readonly #chips = element("subscriptions", HTMLUListElement);
  readonly #channel = element("channel", HTMLInputElement);
  readonly #pause = element("pause-messages", HTMLButtonElement);
  readonly #note = element("publish-note", HTMLParagraphElement);
  readonly #store: Store;
  #subscriptions: Subscription[] = [];
  /** Messages that arrived during a pause; nothing when there is none. */
  #held: HTMLElement[] | undefined;

  constructor(store: Store) {
    this.#store = store;
    element("subscribe", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const names = this.#channel.value.trim().split(/\s+/).filter(Boolean);
      for (const name of names) this.subscribe(GLOB.test(name) ? "patterns" : "channels", [name]);
      this.#channel.value = "";
    });
    element("publish", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#publish();
    });
    this.#pause.addEventListener("click", () => this.#togglePause());
    element("clear-messages", HTMLButtonElement).addEventListener("click", () => this.#clear());
    store.switched.on(() => this.#resume());
    this.#showChips();
  }

  /** Listens to names that are not listened to yet. */
  subscribe(kind: SubscriptionKind, names: readonly string[]): void {
    for (const name of names) {
      if (this.#subscriptions.some((one) => one.kind === kind && one.name === name)) continue;
      this.#subscriptions.push({ kind, name, subscriber: this.#listen(kind, name) });
    }
    this.#showChips();
  }

  /** Stops listening; to everything of that kind without names. */
  unsubscribe(kind: SubscriptionKind, names: readonly string[]): void {
    const ends = (one: Subscription): boolean => one.kind === kind && (names.length === 0 || names.includes(one.name));
    for (const one of this.#subscriptions.filter(ends)) one.subscriber.unsubscribe().catch(() => {});
    this.#subscriptions = this.#subscriptions.filter((one) => !ends(one));
    this.#showChips();
  }

  #listen(kind: SubscriptionKind, name: string): Subscriber<string> {
    const { db } = this.#store;
    const subscriber =
      kind === "channels"
        ? db.subscribe<string>(name, (message, channel) => this.#arrived(channel, message))
        : db.psubscribe<string>(name, (message, channel, pattern) => this.#arrived(channel, message, pattern));
    subscriber.on("error", (error) => {
      if (db === this.#store.db) this.#append(h("p", { class: "error" }, `${name}: ${error.message}`));
    });
    return subscriber;
  }

  /** The same subscriptions on another store. The old ones ended with it. */
  #resume(): void {
    for (const one of this.#subscriptions) one.subscriber = this.#listen(one.kind, one.name);
  }

  #arrived(channel: string, message: string, pattern?: string): void {
    const now = new Date();
    const time = h("time", { datetime: now.toISOString() }, now.toLocaleTimeString("en-GB", { hour12: false }));
    const origin = h("span", { class: "channel" }, show(channel), ...(pattern === undefined ? [] : [h("span", { class: "pattern" }, show(pattern))]));
    this.#append(h("div", { class: "message" }, time, origin, h("span", { class: "text" }, show(message))));
  }

  #append(message: HTMLElement): void {
    if (this.#held) {
      this.#held = [...this.#held, message].slice(-MOST_MESSAGES);
      this.#showPause();
      return;
    }
    const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
    this.#list.append(message);
    while (this.#list.childElementCount > MOST_MESSAGES) this.#list.firstElementChild?.remove();
    if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  #togglePause(): void {
    const held = this.#held;
    this.#held = held ? undefined : [];
    for (const message of held ?? []) this.#append(message);
    this.#showPause();
  }

  #showPause(): void {
    const { length } = this.#held ?? [];
    this.#pause.textContent = this.#held ? `Resume${length > 0 ? ` (${length})` : ""}` : "Pause";
    this.#pause.setAttribute("aria-pressed", String(this.#held !== undefined));
  }

  #clear(): void {
    this.#list.replaceChildren();
    if (this.#held) this.#held = [];
    this.#showPause();
  }

  #showChips(): void {
    const chips = this.#subscriptions.map(({ kind, name }) => {
      const label = kind === "patterns" ? `Stop listening to the pattern ${name}` : `Stop listening to ${name}`;
      return h("li", { class: kind }, show(name), button("×", { "aria-label": label }, () => this.unsubscribe(kind, [name])));
    });
    this.#chips.replaceChildren(...chips);
    const isSilent = this.#subscriptions.length === 0;
    this.#list.classList.toggle("silent", isSilent);
  }

  async #publish(): Promise<void> {
    const channel = element("publish-channel", HTMLInputElement).value;
    const text = element("publish-text", HTMLInputElement);
    try {
      const receivers = await this.#store.ask<number>(["PUBLISH", channel, text.value]);
      this.#note.textContent = `Sent to ${receivers} ${receivers === 1 ? "subscriber" : "subscribers"}`;
      text.value = "";
    } catch (error) {
      this.#note.textContent = messageOf(error);
    }
  }
}

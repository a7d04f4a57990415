/** What tabs need of the browser to share a store: who is there, who leads, and a way to talk. */
import type { TabMessage } from "./messages.js";

/** The right to write, until it is given back or taken away. */
export interface Lease {
  /** Resolves when another tab has taken it. */
  readonly lost: Promise<void>;
  release(): void;
}

/** How to ask for it: only if it is free, when it gets free, or whoever has it. */
export type Manner = "now" | "wait" | "steal";

/** A tab among those that share a store. */
export interface TabHost {
  /** This tab's name. */
  readonly id: string;
  /** Enters: from here on others see this tab and it hears them. */
  enter(receive: (message: TabMessage) => void): Promise<void>;
  /** Tells all others, or one of them. What one tab tells all arrives in order. */
  tell(message: TabMessage, to?: string): void;
  /** Asks for the lease; undefined when it is not free and that was the condition. */
  lease(manner: Manner): Promise<Lease | undefined>;
  /** The tabs that are there, without this one. */
  others(): Promise<string[]>;
  /** Resolves when that tab has gone. */
  gone(tab: string): Promise<void>;
  /** Leaves. */
  leave(): void;
}

/** Tabs of this browser, by Web Locks and BroadcastChannel; undefined where there are none. */
export function browserTabs(store: string): TabHost | undefined {
  const { locks } = globalThis.navigator ?? {};
  if (!locks || typeof BroadcastChannel === "undefined") return undefined;
  return new BrowserTabs(lockName(store), locks);
}

/** The name of a store's lock. */
export function lockName(store: string): string {
  return `redstart:${store}`;
}

class BrowserTabs implements TabHost {
  readonly id = crypto.randomUUID();
  readonly #name: string;
  readonly #locks: LockManager;
  readonly #leaving = new AbortController();
  #isAlone = false;
  #all: BroadcastChannel | undefined;
  #own: BroadcastChannel | undefined;

  constructor(name: string, locks: LockManager) {
    this.#name = name;
    this.#locks = locks;
  }

  async enter(receive: (message: TabMessage) => void): Promise<void> {
    try {
      await new Promise<void>((entered, failed) => {
        this.#hold(this.#presence(this.id), {}, () => entered()).catch(failed);
      });
    } catch (error) {
      // In a sandbox nobody may share anything: this tab is alone.
      if (!(error instanceof DOMException) || error.name !== "SecurityError") throw error;
      this.#isAlone = true;
      return;
    }
    const hear = ({ data }: MessageEvent<TabMessage>): void => receive(data);
    this.#all = new BroadcastChannel(this.#name);
    this.#own = new BroadcastChannel(this.#presence(this.id));
    this.#all.onmessage = hear;
    this.#own.onmessage = hear;
  }

  tell(message: TabMessage, to?: string): void {
    if (this.#isAlone) return;
    if (to === undefined) return this.#all?.postMessage(message);
    const channel = new BroadcastChannel(this.#presence(to));
    channel.postMessage(message);
    channel.close();
  }

  lease(manner: Manner): Promise<Lease | undefined> {
    if (this.#isAlone) return Promise.resolve({ lost: new Promise<void>(() => {}), release: () => {} });
    return new Promise((granted, failed) => {
      const options = manner === "now" ? { ifAvailable: true } : manner === "steal" ? { steal: true } : { signal: this.#leaving.signal };
      let lose: () => void;
      const lost = new Promise<void>((resolve) => (lose = resolve));
      const held = this.#locks.request(this.#name, options, (lock) => {
        if (!lock) return granted(undefined);
        return new Promise<void>((release) => granted({ lost, release }));
      });
      held.catch((error: unknown) => {
        lose();
        failed(error);
      });
    });
  }

  async others(): Promise<string[]> {
    if (this.#isAlone) return [];
    const prefix = this.#presence("");
    const { held = [] } = await this.#locks.query();
    const tabs = held.flatMap(({ name = "" }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
    return tabs.filter((tab) => tab !== this.id);
  }

  async gone(tab: string): Promise<void> {
    await this.#locks.request(this.#presence(tab), { signal: this.#leaving.signal }, () => {}).catch(() => {});
  }

  leave(): void {
    this.#leaving.abort();
    this.#all?.close();
    this.#own?.close();
    this.#letGo();
  }

  #letGo = (): void => {};

  /** Holds a lock until this tab leaves. */
  async #hold(name: string, options: LockOptions, entered: () => void): Promise<void> {
    await this.#locks.request(name, options, () => {
      entered();
      return new Promise<void>((release) => (this.#letGo = release));
    });
  }

  #presence(tab: string): string {
    return `${this.#name}:tab:${tab}`;
  }
}

/**
 * Tabs of one browser in one process, driven by a seed: messages between two tabs arrive in their order, but late, and in any
 * order across tabs; a tab that is killed says nothing more, and what it has said last may be lost.
 */

/** The browser. */
export class FakeBrowser {
  tabs = new Map();
  /** Messages on their way, by sender, receiver and channel. */
  queues = new Map();
  holder = undefined;
  waiting = [];
  #next = 1;

  constructor(random) {
    this.random = random;
  }

  open() {
    return new FakeTab(this, `tab${this.#next++}`);
  }

  send(from, to, channel, message) {
    const name = `${from} ${to} ${channel}`;
    if (!this.queues.has(name)) this.queues.set(name, []);
    this.queues.get(name).push(structuredClone(message));
  }

  /** Delivers a message; false when there is none. */
  deliver() {
    const names = [...this.queues.keys()];
    const name = names[Math.floor(this.random() * names.length)];
    if (name === undefined) return false;
    const queue = this.queues.get(name);
    const message = queue.shift();
    if (queue.length === 0) this.queues.delete(name);
    this.tabs.get(name.split(" ")[1])?.receive(message);
    return true;
  }

  grant() {
    if (this.holder || this.waiting.length === 0) return;
    this.hold(...this.waiting.shift());
  }

  hold(tab, granted) {
    let lose;
    const lost = new Promise((resolve) => (lose = resolve));
    const lease = { lost, release: () => this.release(lease) };
    this.holder = { tab, lease, lose };
    granted(lease);
  }

  release(lease) {
    if (this.holder?.lease !== lease) return;
    this.holder = undefined;
    this.grant();
  }

  /** A tab goes without a word. */
  kill(tab) {
    this.remove(tab);
    for (const [name, queue] of this.queues) {
      const [from, to] = name.split(" ");
      if (from === tab.id) queue.length = Math.floor(this.random() * (queue.length + 1));
      if (to === tab.id || queue.length === 0) this.queues.delete(name);
    }
  }

  remove(tab) {
    this.tabs.delete(tab.id);
    tab.gone_?.();
    this.waiting = this.waiting.filter(([waiting]) => waiting !== tab);
    if (this.holder?.tab === tab) {
      this.holder = undefined;
      this.grant();
    }
  }
}

/** A tab, as `TabHost` in `src/local/tabs/host.ts` wants it. */
class FakeTab {
  /** How often it has told others what has happened. */
  batches = 0;

  constructor(browser, id) {
    this.browser = browser;
    this.id = id;
    this.gone_ = undefined;
    this.goneBy = new Promise((resolve) => (this.gone_ = resolve));
  }

  async enter(receive) {
    this.receive = receive;
    this.browser.tabs.set(this.id, this);
  }

  tell(message, to) {
    if (message.kind === "batch") this.batches++;
    if (!this.browser.tabs.has(this.id)) return;
    for (const id of to === undefined ? this.browser.tabs.keys() : [to]) {
      if (id !== this.id) this.browser.send(this.id, id, to === undefined ? "all" : "own", message);
    }
  }

  async lease(manner) {
    const { browser } = this;
    // Whoever is gone gets nothing, and waits for ever.
    if (!browser.tabs.has(this.id)) return new Promise(() => {});
    if (manner === "steal") {
      browser.holder?.lose();
      return new Promise((granted) => browser.hold(this, granted));
    }
    if (manner === "now") return browser.holder ? undefined : new Promise((granted) => browser.hold(this, granted));
    return new Promise((granted) => {
      browser.waiting.push([this, granted]);
      browser.grant();
    });
  }

  async others() {
    return [...this.browser.tabs.keys()].filter((id) => id !== this.id);
  }

  gone(id) {
    return this.browser.tabs.get(id)?.goneBy ?? Promise.resolve();
  }

  leave() {
    if (this.browser.tabs.has(this.id)) this.browser.remove(this);
  }
}

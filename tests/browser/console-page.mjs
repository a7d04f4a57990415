/** The console as a person meets it: what can be typed, pressed and read. */
import assert from "node:assert/strict";

const PATIENCE_MS = 15_000;

/** One console in a fresh profile, or in the given one. */
export class ConsolePage {
  /** Opens it on a store: "page" or "gateway". */
  static async open(browser, url, place, { context, ...options } = {}) {
    const profile = context ?? (await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options }));
    profile.setDefaultTimeout(PATIENCE_MS);
    const page = await profile.newPage();
    const console_ = new ConsolePage(page, url);
    await page.addInitScript((name) => localStorage.getItem("redstart.place") ?? localStorage.setItem("redstart.place", name), place);
    await page.goto(url);
    await console_.isReady();
    return console_;
  }

  constructor(page, url) {
    this.page = page;
    /** What must not have happened at the end. */
    this.faults = [];
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !/WebSocket|ERR_CONNECTION/.test(message.text())) this.faults.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) this.faults.push(`asked ${request.url()}`);
    });
    this.line = page.getByRole("combobox", { name: "Command" });
    this.status = page.locator("#status");
    this.output = page.getByRole("log", { name: "Answers" });
    this.keys = page.getByRole("listbox", { name: "Keys" });
    this.value = page.locator("#value");
    this.messages = page.getByRole("log", { name: "Received messages" });
  }

  /** The store answers. */
  async isReady() {
    await this.page.locator('#status[data-level="ok"]').waitFor();
  }

  /** Runs a line and gives what is printed. */
  async run(line) {
    const entries = this.output.locator(".entry");
    const before = await entries.count();
    await this.line.fill(line);
    await this.line.press("Enter");
    const entry = entries.nth(before);
    await entry.and(this.page.locator(":not([aria-busy])")).waitFor();
    return entry.locator("pre").evaluate((answer) => answer.textContent);
  }

  /** Types as a person does. */
  async type(text) {
    await this.line.fill("");
    await this.line.focus();
    await this.page.keyboard.type(text);
  }

  /** These completions are shown, as soon as the table is there. */
  async offers(...expected) {
    const shown = () => this.page.locator("#options:not([hidden]) li b").allTextContents();
    const deadline = Date.now() + PATIENCE_MS;
    while ((await shown()).join() !== expected.join() && Date.now() < deadline) {
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
    assert.deepEqual(await shown(), expected);
  }

  /** The row of a key. */
  key(name) {
    return this.keys.getByRole("option").filter({ has: this.page.locator(".key").getByText(name, { exact: true }) });
  }

  /** Ends it, and with it the profile. */
  async close() {
    await this.page.context().close();
    assert.deepEqual(this.faults, []);
  }
}

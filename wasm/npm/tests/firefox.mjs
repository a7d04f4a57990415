/** A real Firefox, with the interface of `Chromium` in `chromium.mjs`. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import puppeteer from "puppeteer-core";

function executable() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => ["firefox-esr", "firefox"].map((name) => join(folder, name))).find(existsSync);
  if (!found) throw new Error("Firefox is not in PATH: install it (`apt-get install firefox-esr`)");
  return found;
}

/** A browser with a profile folder of its own, which outlives `kill`. */
export class Firefox {
  static async start() {
    const browser = new Firefox();
    browser.profile = await mkdtemp(join(tmpdir(), "redstart-firefox-"));
    await browser.launch();
    return browser;
  }

  async launch() {
    this.browser = await puppeteer.launch({
      browser: "firefox",
      executablePath: executable(),
      headless: true,
      userDataDir: this.profile,
      // Its caches and settings go where the profile goes.
      env: { ...process.env, HOME: this.profile },
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  }

  async open(url) {
    const page = await this.browser.newPage();
    await page.goto(url);
    return page;
  }

  /** Ends every process of the browser without warning. */
  async kill() {
    const child = this.browser.process();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, "SIGKILL");
    await gone;
    await this.browser.disconnect().catch(() => {});
    // Nothing of it may keep this process.
    for (const stream of child.stdio) stream?.destroy();
  }

  async stop() {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

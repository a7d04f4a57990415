/** A real Chromium, and a server that gives it this package as a plain page would load it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const TYPES = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };
const IMPORTS = { redstart: "/dist/browser.js", "redstart/worker": "/dist/worker.js" };
const PAGE = `<!doctype html><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`;
const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

function executable() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
  if (!found) throw new Error("Chromium is not in PATH: install it (`apt-get install chromium`)");
  return found;
}

/** Serves the package; `headers` are added to the page. */
export async function serve(headers = {}) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return void response.writeHead(200, { "content-type": TYPES.html, ...headers }).end(PAGE);
    try {
      const body = await readFile(join(PACKAGE, path));
      // A sandboxed frame has an origin of its own.
      const shared = { "access-control-allow-origin": "*" };
      response.writeHead(200, { "content-type": TYPES[path.split(".").at(-1)] ?? "text/plain", ...shared }).end(body);
    } catch {
      // As development servers do: the page for whatever is not there.
      response.writeHead(200, { "content-type": TYPES.html }).end(PAGE);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** A browser with a profile folder of its own, which outlives `kill`. */
export class Chromium {
  static async start(flags = []) {
    const browser = new Chromium();
    browser.flags = flags;
    browser.profile = await mkdtemp(join(tmpdir(), "redstart-chromium-"));
    await browser.launch();
    return browser;
  }

  async launch() {
    const arguments_ = [...FLAGS, ...this.flags, "--remote-debugging-port=0", `--user-data-dir=${this.profile}`, "about:blank"];
    this.process = spawn(executable(), arguments_, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    const endpoint = await new Promise((resolve, reject) => {
      let output = "";
      this.process.once("exit", () => reject(new Error(`Chromium did not start: ${output}`)));
      this.process.stderr.on("data", (data) => {
        output += data;
        const found = /DevTools listening on (ws:\S+)/.exec(output);
        if (found) resolve(found[1]);
      });
    });
    this.browser = await chromium.connectOverCDP(endpoint);
  }

  async open(url) {
    const page = await this.browser.contexts()[0].newPage();
    await page.goto(url);
    return page;
  }

  /** Ends every process of the browser without warning. */
  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    process.kill(-this.process.pid, "SIGKILL");
    await gone;
  }

  async stop() {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** The unmodified SDKs of Upstash against the gateway, in each runtime that people use them in. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch } from "../browser.mjs";
import { startGateway } from "../gateway.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Where the npm package's own tests have Deno, Bun, workerd and esbuild. */
const TOOLS = fileURLToPath(new URL("../../../wasm/npm/tests/consumers/node_modules/.bin/", import.meta.url));
const PROGRAM = JSON.stringify(join(HERE, "program.mjs"));
const TOKEN = "secret";
/** Of another machine, as far as the browser can tell. */
const LISTED = "http://app.example";

const exec = promisify(execFile);
let gateway;
let work;

before(async () => {
  if (!existsSync(join(TOOLS, "workerd"))) throw new Error("Deno, Bun and workerd are missing: npm ci in wasm/npm/tests/consumers");
  gateway = await startGateway("--token", TOKEN, "--origin", LISTED);
  work = await mkdtemp(join(tmpdir(), "redstart-upstash-"));
});

after(async () => {
  await gateway?.close();
  if (work) await rm(work, { recursive: true, force: true });
});

for (const [name, command, ...words] of [
  ["Node.js", process.execPath],
  ["Deno", join(TOOLS, "deno"), "run", "--allow-all", "--quiet", "--node-modules-dir=manual"],
  ["Bun", join(TOOLS, "bun"), "run"],
]) {
  test(name, async () => {
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
    const { stdout } = await exec(command, [...words, "main.mjs", gateway.url, TOKEN], { cwd: HERE, env });
    assert.equal(stdout, "done\n");
  });
}

test("workerd", async () => {
  const worker = `import { run } from ${PROGRAM};
    export default { fetch: () => run(${JSON.stringify(gateway.url)}, "${TOKEN}").then(() => new Response("done"), (error) => new Response(error.stack)) };`;
  await bundle("worker", worker, "--alias:@upstash/redis=@upstash/redis/cloudflare");
  await writeFile(
    join(work, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["private", "public"]))],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
    const main :Workerd.Worker = (compatibilityDate = "2026-01-01", modules = [(name = "worker.js", esModule = embed "worker.js")]);`,
  );
  const words = ["serve", "config.capnp", "--control-fd=3"];
  const child = spawn(join(TOOLS, "workerd"), words, { cwd: work, stdio: ["ignore", "inherit", "inherit", "pipe"] });
  try {
    const port = await new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
      child.stdio[3].on("data", (data) => resolve(JSON.parse(String(data).split("\n")[0]).port));
    });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "done");
  } finally {
    child.kill();
  }
});

test("a page of an origin that is listed, and one of another", async () => {
  const page = `import { run } from ${PROGRAM};
    run(${JSON.stringify(gateway.url)}, "${TOKEN}").then(() => (globalThis.said = "done"), (error) => (globalThis.said = String(error)));`;
  const files = { "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'], "/page.js": ["text/javascript", await bundle("page", page)] };
  const site = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ["text/plain", ""];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  // Pages without TLS have no crypto.subtle, which the SDK's scripts need.
  const names = `--host-resolver-rules=MAP *.example 127.0.0.1:${site.address().port}`;
  const browser = await launch(names, `--unsafely-treat-insecure-origin-as-secure=${LISTED}`);
  try {
    assert.equal(await said(browser, LISTED), "done");
    assert.match(await said(browser, "http://evil.example"), /^TypeError: Failed to fetch/);
  } finally {
    await browser.close();
    site.close();
  }
});

/** What the page of an origin ends with. */
async function said(browser, origin) {
  const page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction("globalThis.said !== undefined", undefined, { timeout: 120_000 });
  return page.evaluate("globalThis.said");
}

/** A module with all that it imports, as one file. */
async function bundle(name, code, ...options) {
  const [source, out] = [join(work, `${name}.mjs`), join(work, `${name}.js`)];
  await writeFile(source, code);
  await exec(join(TOOLS, "esbuild"), [source, "--bundle", "--format=esm", `--outfile=${out}`, "--log-level=error", ...options], { cwd: HERE });
  return readFile(out, "utf8");
}

/** The examples of README.md run as they are written, and print what they say; React's and workers' are run in `consumers`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Chromium, serve } from "./chromium.mjs";
import { Gateway } from "./gateway.mjs";
import { examples, examplesFor, plain, promised } from "./readme.mjs";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const PLACES = ["node", "page", "gateway", "edge", "react"];
/** The gateway's address in the examples. */
const GATEWAY = "http://127.0.0.1:8787";

let folder;
let gateway;
let server;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "redstart-readme-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(PACKAGE, join(folder, "node_modules/redstart"));
  gateway = await Gateway.start();
  server = await serve();
  browser = await Chromium.start();
});

after(async () => {
  await browser?.stop();
  server?.close();
  gateway?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("every example has a place where it runs, and every place has one", () => {
  assert.deepEqual(new Set(examples.flatMap(({ places }) => places)), new Set(PLACES));
});

for (const [number, code] of examplesFor("node").entries()) {
  test(`in Node.js, example ${number + 1}`, async () => assert.equal(await printed(code), promised(code)));
}

for (const [number, code] of examplesFor("gateway").entries()) {
  test(`with a gateway, example ${number + 1}`, async () => {
    const { url } = gateway;
    // Node.js 20 has no WebSocket of its own.
    const withSocket = `import { WebSocket } from ${JSON.stringify(import.meta.resolve("ws"))};\nglobalThis.WebSocket ??= WebSocket;\n${code}`;
    const env = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: "secret" };
    assert.equal(await printed(withSocket.replace(GATEWAY, url), env), promised(code));
  });
}

for (const [number, code] of examplesFor("page").entries()) {
  test(`in a page, example ${number + 1}`, async () => {
    const page = await browser.open(server.url);
    const output = [];
    page.on("console", (message) => output.push(message.text()));
    await page.evaluate((code) => import(URL.createObjectURL(new Blob([code], { type: "text/javascript" }))), code);
    assert.equal(plain(output.join("\n")), promised(code));
    await page.close();
  });
}

/** What Node.js prints, in a project that has the package. */
async function printed(code, env = {}) {
  const options = { cwd: folder, env: { ...process.env, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], options);
  return plain(stdout);
}

/**
 * Redstart beside other stores for pages, in one run of Chromium, with values of 100 bytes: `npm run bench` in this folder,
 * after `npm ci` here and a build of the package. It prints a table for the package's README.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Chromium } from "../chromium.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = join(HERE, "../..");
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };

const bundle = await build({ entryPoints: [join(HERE, "page.js")], bundle: true, format: "esm", write: false, external: ["/dist/*", "/peers/*"], define: { global: "globalThis" } });
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const answer = (type, body) => response.writeHead(200, { "content-type": type }).end(body);
  if (pathname === "/") return answer(TYPES.html, "<!doctype html>");
  if (pathname === "/page.js") return answer(TYPES.js, bundle.outputFiles[0].text);
  const path = pathname.startsWith("/peers/") ? join(HERE, pathname.slice(7)) : join(PACKAGE, pathname);
  const body = await readFile(path).catch(() => undefined);
  if (body) answer(TYPES[pathname.split(".").at(-1)] ?? "application/octet-stream", body);
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await Chromium.start();
try {
  const address = `http://127.0.0.1:${server.address().port}/`;
  /** Each measurement has a page of its own. */
  const inPage = async (work, argument) => {
    const page = await browser.open(address);
    try {
      return await page.evaluate(work, argument);
    } finally {
      await page.close();
    }
  };
  const names = await inPage(async () => (await import("/page.js")).names);
  const results = new Map(names.map((name) => [name, []]));
  const alone = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const result = await inPage(async ([name, round]) => (await import("/page.js")).measure(name, round), [name, round]);
      results.get(name).push(result);
      process.stderr.write(`${round + 1}/${ROUNDS} ${name}: ${JSON.stringify(result)}\n`);
    }
    alone.push(await inPage(async () => (await import("/page.js")).alone()));
    process.stderr.write(`${JSON.stringify(alone.at(-1))}\n`);
  }
  print(results, alone);
} finally {
  await browser.stop();
  server.close();
  server.closeAllConnections();
}

function median(numbers) {
  return numbers.sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

function print(results, alone) {
  const of = (name, what) => median(results.get(name).map((result) => result[what]));
  const count = (number) => Math.round(number).toLocaleString("en");
  const times = (number) => (number < 10 ? number.toFixed(1) : count(number));
  const lines = [...results.keys()].map((name) => {
    const [set, get] = [of(name, "set"), of(name, "get")];
    const compared = name === "Redstart" ? ["", ""] : [times(of("Redstart", "set") / set), times(of("Redstart", "get") / get)];
    return `| ${[name, count(set), compared[0], count(get), compared[1]].join(" | ")} |`;
  });
  const what = (name) => median(alone.map((result) => result[name]));
  console.log(`| store | awaited \`set\` a second | Redstart: times | awaited \`get\` a second | Redstart: times |
| --- | ---: | ---: | ---: | ---: |
${lines.join("\n")}

| Redstart | | compared with | |
| --- | ---: | --- | ---: |
| 10,000 \`set\` at once until all are stored, ms | ${count(what("durable"))} | | |
| opening 100,000 keys, ms | ${count(what("open"))} | \`getAll\` of 100,000 rows of IndexedDB, ms | ${count(what("rows"))} |
| synchronous \`get\` a second | ${count(what("get"))} | a \`Map\` | ${count(what("fromMap"))} |`);
}

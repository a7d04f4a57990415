/** The packed package in real projects: each installs it as its users do, builds what it builds, and runs. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { Chromium } from "../chromium.mjs";
import { Gateway } from "../gateway.mjs";
import { examplesFor } from "../readme.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = join(HERE, "../..");
const TOOLS = join(HERE, "node_modules/.bin");
const USE = `
const db = new Redis({ name: "consumer" });
await db.set("k", { a: [1] });
const got = JSON.stringify(await db.get("k"));
await db.close();
`;
const SAYS = '{"a":[1]}';
const TYPES = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };

const exec = promisify(execFile);
let work;
let tarball;
let browser;

before(async () => {
  await mkdir(join(HERE, ".work"), { recursive: true });
  work = await mkdtemp(join(HERE, ".work/"));
  const { stdout } = await exec("npm", ["pack", "--json", "--pack-destination", work], { cwd: PACKAGE });
  tarball = join(work, JSON.parse(stdout)[0].filename);
});

after(async () => {
  await browser?.stop();
  await rm(work, { recursive: true, force: true, maxRetries: 10 });
});

/** A project with these files and the package installed. */
async function project(name, files) {
  const folder = join(work, name);
  await mkdir(folder);
  const contents = { "package.json": JSON.stringify({ name, private: true, type: "module" }), ...files };
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await exec("npm", ["install", "--offline", "--no-audit", "--no-fund", "--no-save", tarball], { cwd: folder });
  return folder;
}

/** What a command says. */
async function says(folder, command, ...words) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", DENO_NO_UPDATE_CHECK: "1" };
  const { stdout } = await exec(command, words, { cwd: folder, env, maxBuffer: 1 << 26 });
  return stdout.trim();
}

/** What a page of this folder says, by writing it into `globalThis.said`. */
async function pageSays(folder, path = "/index.html") {
  browser ??= await Chromium.start();
  const server = createServer(async (request, response) => {
    const file = new URL(request.url, "http://localhost").pathname;
    const body = await readFile(join(folder, file)).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[file.split(".").at(-1)] ?? "text/plain" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await said(`http://127.0.0.1:${server.address().port}${path}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function said(address) {
  const page = await browser.open(address);
  try {
    await page.waitForFunction("globalThis.said !== undefined", undefined, { timeout: 60_000 });
    return await page.evaluate("globalThis.said");
  } finally {
    await page.close();
  }
}

const saying = (from) => `import { Redis } from "${from}";\n${USE}globalThis.said = got;\n`;
const printing = (from) => `import { Redis } from "${from}";\n${USE}console.log(got);\n`;

test("Node.js, modules", async () => {
  const folder = await project("node-esm", { "main.js": printing("redstart") });
  assert.equal(await says(folder, process.execPath, "main.js"), SAYS);
});

test("Node.js, CommonJS", async () => {
  const main = `const { Redis } = require("redstart");\n(async () => {${USE}console.log(got);})();\n`;
  const folder = await project("node-cjs", { "main.cjs": main });
  assert.equal(await says(folder, process.execPath, "--no-warnings", "main.cjs"), SAYS);
});

for (const [name, command] of [
  ["Deno", ["deno", "run", "--allow-all", "--quiet", "--node-modules-dir=manual", "main.js"]],
  ["Bun", ["bun", "run", "main.js"]],
]) {
  test(name, async () => {
    const folder = await project(name.toLowerCase(), { "main.js": printing("redstart") });
    assert.equal(await says(folder, join(TOOLS, command[0]), ...command.slice(1)), SAYS);
  });
}

test("a plain page, by the file's address", async () => {
  const main = saying("/node_modules/redstart/dist/browser.js");
  const folder = await project("page", { "index.html": `<script type="module">${main}</script>` });
  assert.equal(await pageSays(folder), SAYS);
});

test("Vite, with a worker", async () => {
  const main = `import { Redis } from "redstart";
    import { Redis as InWorker } from "redstart/worker";
    const main = async () => {${USE}
      const other = new InWorker({ name: "in a worker" });
      globalThis.said = got + await other.incr("n");
      await other.close();
    };
    main();`;
  const folder = await project("vite", { "index.html": '<script type="module" src="/main.js"></script>', "main.js": main });
  await says(folder, join(TOOLS, "vite"), "build", "--logLevel", "error");
  assert.equal(await pageSays(join(folder, "dist")), `${SAYS}1`);
});

test("webpack", async () => {
  const folder = await project("webpack", {
    "main.js": `import { Redis } from "redstart";\n(async () => {${USE}globalThis.said = got;})();`,
    "dist/index.html": '<script type="module" src="/main.js"></script>',
    "build.cjs": `require("webpack")({ mode: "production", context: __dirname, entry: "./main.js", output: { publicPath: "/" } }, (error, stats) => {
      if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1); }
    });`,
  });
  await says(folder, process.execPath, "build.cjs");
  assert.equal(await pageSays(join(folder, "dist")), SAYS);
});

test("esbuild, with the module inside the code; a client without it is small", async () => {
  const folder = await project("esbuild", {
    "main.js": `import { Redis } from "redstart/inline";\n(async () => {${USE}globalThis.said = got;})();`,
    "client.js": 'import { Redis } from "redstart/upstash";\nglobalThis.Redis = Redis;\n',
    "index.html": '<script type="module" src="/out.js"></script>',
  });
  const bundle = (entry, out) =>
    says(folder, join(TOOLS, "esbuild"), entry, "--bundle", "--minify", "--format=esm", `--outfile=${out}`, "--log-level=error");
  await bundle("main.js", "out.js");
  assert.equal(await pageSays(folder), SAYS);
  await bundle("client.js", "client.out.js");
  const { length } = gzipSync(await readFile(join(folder, "client.out.js")), { level: 9 });
  assert.ok(length < 15_000, `${length} bytes`);
});

test("Next.js: built, rendered on the server, and running in the page", async () => {
  const page = `"use client";
    import { useEffect, useState } from "react";
    import { Redis } from "redstart";
    import { useKey } from "redstart/react";
    const db = new Redis({ name: "app" });
    export default function Page() {
      const value = useKey(db, "k");
      const [, redraw] = useState(0);
      useEffect(() => { void db.set("k", "from the page").then(() => redraw(1)); }, []);
      useEffect(() => { if (value) globalThis.said = value; }, [value]);
      return <p>{String(value)}</p>;
    }`;
  const server = `import { Redis } from "redstart";
    export const dynamic = "force-dynamic";
    export async function GET() {${USE}return new Response(got); }`;
  const folder = await project("next", {
    "app/layout.jsx": "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
    "app/page.jsx": page,
    "app/api/route.js": server,
    "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(HERE)} } };`,
  });
  await says(folder, join(TOOLS, "next"), "build");
  browser ??= await Chromium.start();
  const child = spawn(process.execPath, [join(HERE, "node_modules/next/dist/bin/next"), "start", "--port", "0", "--hostname", "127.0.0.1"], { cwd: folder });
  try {
    const address = await new Promise((resolve, reject) => {
      let output = "";
      const read = (data) => {
        output += data;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
        if (found && output.includes("Ready")) resolve(found[0]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("exit", () => reject(new Error(output)));
    });
    assert.equal(await (await fetch(`${address}/api`)).text(), SAYS);
    assert.match(await (await fetch(address)).text(), /<p>undefined<\/p>/);
    assert.equal(await said(address), "from the page");
  } finally {
    child.kill();
  }
});

test("README's component counts its clicks", async () => {
  const [code] = examplesFor("react");
  const main = `import { createElement } from "react";
    import { createRoot } from "react-dom/client";
    import { Counter } from "./counter.jsx";
    const place = document.body.appendChild(document.createElement("div"));
    createRoot(place).render(createElement(Counter));
    new MutationObserver(() => {
      const button = place.querySelector("button");
      if (button?.textContent === "0") button.click();
      else if (button) globalThis.said = button.textContent;
    }).observe(place, { childList: true, subtree: true, characterData: true });`;
  const page = '<body><script type="module" src="/out/main.js"></script></body>';
  const folder = await project("readme-react", { "counter.jsx": code, "main.js": main, "index.html": page });
  const bundled = ["main.js", "--bundle", "--format=esm", "--jsx=automatic", "--outdir=out", "--log-level=error"];
  // esbuild does not follow the address of the module, which lies where the page's script looks for it.
  await says(folder, join(TOOLS, "esbuild"), ...bundled);
  await cp(join(folder, "node_modules/redstart/dist/wasm"), join(folder, "out/wasm"), { recursive: true });
  assert.equal(await pageSays(folder), "1");
});

test("workerd: a plain worker, and README's two: one with a gateway, one a Durable Object that keeps its data", async () => {
  const [withGateway, counter] = examplesFor("edge");
  const worker = `import { Redis } from "redstart";
    import withGateway from "./gateway.js";
    export { Counter } from "./counter.js";
    export default { async fetch(request, env) {
      const { pathname } = new URL(request.url);
      if (pathname === "/count") return env.counter.get(env.counter.idFromName("one")).fetch(request);
      if (pathname === "/gateway") return withGateway.fetch(request, env);
      ${USE}return new Response(got);
    } };`;
  const gateway = await Gateway.start();
  const folder = await project("workerd", { "main.js": worker, "gateway.js": withGateway, "counter.js": counter, "data/.keep": "" });
  const bundled = ["main.js", "--bundle", "--format=esm", "--outfile=out.js", "--conditions=workerd,worker", "--external:*.wasm", "--log-level=error"];
  await says(folder, join(TOOLS, "esbuild"), ...bundled);
  const code = await readFile(join(folder, "out.js"), "utf8");
  const [, module] = /from "(\.[^"]*redstart_wasm_bg\.wasm)"/.exec(code) ?? assert.fail("the module is not imported");
  const wasm = "node_modules/redstart/dist/wasm/redstart_wasm_bg.wasm";
  await writeFile(join(folder, "out.js"), code.replace(module, "./redstart.wasm"));
  await writeFile(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = .main),
        (name = "disk", disk = (path = "data", writable = true)),
        (name = "internet", network = (allow = ["private"]))],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
    const main :Workerd.Worker = (
      compatibilityDate = "2026-01-01",
      modules = [(name = "out.js", esModule = embed "out.js"), (name = "./redstart.wasm", wasm = embed "${wasm}")],
      durableObjectNamespaces = [(className = "Counter", uniqueKey = "counter", enableSql = true)],
      durableObjectStorage = (localDisk = "disk"),
      bindings = [
        (name = "counter", durableObjectNamespace = "Counter"),
        (name = "REDSTART_URL", text = "${gateway.url}"),
        (name = "REDSTART_TOKEN", text = "secret")]);`,
  );
  const visit = async (work) => {
    const child = spawn(join(TOOLS, "workerd"), ["serve", "config.capnp", "--control-fd=3"], { cwd: folder, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    let output = "";
    child.stderr.on("data", (data) => (output += data));
    try {
      const port = await new Promise((resolve, reject) => {
        child.once("exit", () => reject(new Error(output)));
        child.stdio[3].on("data", (data) => {
          const found = /"port":(\d+)/.exec(data);
          if (found) resolve(found[1]);
        });
      });
      return await work(async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text());
    } finally {
      child.kill();
    }
  };
  try {
    assert.deepEqual(await visit(async (get) => [await get("/"), await get("/count"), await get("/count")]), [SAYS, "1", "2"]);
    assert.deepEqual(await visit(async (get) => [await get("/count"), await get("/gateway"), await get("/gateway")]), ["3", "1", "2"]);
  } finally {
    gateway.stop();
  }
});

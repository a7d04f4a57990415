/** A gateway of our own: built if need be, on free ports, with an empty data folder that goes with it. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE_MS = 20_000;

/** REDSTART_BIN, or what cargo builds. */
function binary() {
  if (process.env.REDSTART_BIN) return process.env.REDSTART_BIN;
  try {
    execFileSync("cargo", ["build", "--quiet", "--package", "redstart-gateway"], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  } catch (error) {
    throw new Error("the gateway cannot be built: install Rust, or set REDSTART_BIN to the path of a `redstart` binary", { cause: error });
  }
  return join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "redstart");
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts one with further options; `url` is where it answers, `stop` and `start` interrupt it, `close` ends it. */
export async function startGateway(...options) {
  const program = binary();
  const data = mkdtempSync(join(tmpdir(), "redstart-console-"));
  const [http, resp] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  let child;
  const start = async () => {
    const words = ["serve", "--http", `127.0.0.1:${http}`, "--resp", `127.0.0.1:${resp}`, "--data", data, "--durability", "memory", ...options];
    child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    try {
      await answering(url, child);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  };
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    // A gateway that does not end when asked is a fault of its own, not a reason to wait for ever.
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await ended;
    clearTimeout(late);
  };
  await start();
  return {
    url,
    start,
    stop,
    close: async () => {
      await stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function answering(url, child) {
  let said = "";
  const listen = (chunk) => (said = (said + chunk).slice(-4000));
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}: ${said}`)));
  });
  failed.catch(() => {});
  await Promise.race([failed, reachable(url)]);
}

async function reachable(url) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`the gateway does not answer at ${url}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** The package without scripting: what it answers, and how much both modules weigh. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Redis } from "redstart/slim";

test("the module without scripting knows every other command", async () => {
  const db = new Redis({ name: "slim" });
  await db.set("k", { a: 1 });
  assert.deepEqual(await db.get("k"), { a: 1 });
  for (const command of [["EVAL", "return 1", 0], ["FCALL", "f", 0], ["FUNCTION", "LIST"], ["SCRIPT", "FLUSH"]]) {
    await assert.rejects(db.exec(command), /unknown command/);
  }
  const names = await db.exec(["COMMAND", "LIST"]);
  assert.ok(names.includes("xautoclaim") && !names.includes("eval"), String(names));
  await db.close();
});

/** The most that a module may weigh as it is served, in bytes. */
const MOST_BYTES = { redstart_wasm: 387_000, redstart_slim: 289_000 };

for (const [name, most] of Object.entries(MOST_BYTES)) {
  test(`${name} stays below ${most} bytes, compressed`, () => {
    const module = readFileSync(new URL(`../dist/wasm/${name}_bg.wasm`, import.meta.url));
    const { length } = gzipSync(module, { level: 9 });
    assert.ok(length <= most, `${length} bytes`);
  });
}

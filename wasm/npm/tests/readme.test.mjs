/** The examples of README.md run, and print what they say. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("..", import.meta.url));
const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);

for (const [number, code] of examples.entries()) {
  test(`example ${number + 1}`, async () => {
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", code], { cwd: folder });
    const said = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, output]) => output).join("\n");
    assert.equal(plain((await run).stdout), plain(said));
  });
}

test("there are examples", () => assert.ok(examples.length >= 5));

/** Quotes and blanks differ between what people write and what Node.js prints. */
function plain(output) {
  return output.replaceAll(/["' ]/g, "").trim();
}

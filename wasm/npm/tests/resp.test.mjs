/** The reader of answers against a writer of random answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RespReader } from "../dist/resp.js";
import { RedisError } from "redstart";
import { property } from "./random.mjs";

const encoder = new TextEncoder();
const LETTERS = [..."aü語🦀\r\n "];

/** A random value: its bytes in RESP, and what the reader has to give. */
function randomValue(random, depth) {
  const pick = Math.floor(random() * (depth > 0 ? 11 : 8));
  const text = Array.from({ length: Math.floor(random() * 40) }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");
  const line = text.replaceAll(/[\r\n]/g, "");
  const integer = Math.floor((random() - 0.5) * 2 ** 40);
  const bulk = (value) => `$${encoder.encode(value).length}\r\n${value}\r\n`;
  switch (pick) {
    case 0: return [`+${line}\r\n`, line];
    case 1: return [`:${integer}\r\n`, integer];
    case 2: return [bulk(text), text];
    case 3: return ["$-1\r\n", null];
    case 4: return ["*-1\r\n", null];
    case 5: return ["_\r\n", null];
    case 6: return ["#t\r\n", 1];
    case 7: return [":9223372036854775807\r\n", "9223372036854775807"];
    default: {
      const items = Array.from({ length: Math.floor(random() * 4) * (pick === 10 ? 2 : 1) }, () => randomValue(random, depth - 1));
      const mark = pick === 10 ? `%${items.length / 2}` : `${pick === 8 ? "*" : "~"}${items.length}`;
      return [`${mark}\r\n${items.map(([bytes]) => bytes).join("")}`, items.map(([, value]) => value)];
    }
  }
}

test("reads what was written", () => {
  property(500, (random) => {
    const [text, value] = randomValue(random, 3);
    const bytes = encoder.encode(text);
    const reader = new RespReader(bytes);
    assert.deepEqual(reader.read(), value);
    assert.equal(reader.position, bytes.length);
  });
});

test("an error is a value, also inside a list", () => {
  const [first, second] = new RespReader(encoder.encode("*2\r\n-WRONGTYPE Operation\r\n:1\r\n")).read();
  assert.ok(first instanceof RedisError);
  assert.equal(first.code, "WRONGTYPE");
  assert.equal(second, 1);
});

test("bytes are copies, not views", () => {
  const bytes = encoder.encode("$2\r\nab\r\n");
  const value = new RespReader(bytes, 0, "bytes").read();
  bytes.fill(0);
  assert.deepEqual(value, new Uint8Array([97, 98]));
});

test("a verbatim text loses its format", () => {
  assert.equal(new RespReader(encoder.encode("=9\r\ntxt:hello\r\n")).read(), "hello");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { RedisError, type Reply } from "redstart";
import { format } from "../src/reply.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function printed(reply: Reply, name = "GET", isReadOnly = true): string {
  return [...format(reply, { name, isReadOnly })].map((line) => line.map(({ text }) => text).join("")).join("\n");
}

test("scalars", () => {
  assert.equal(printed(null), "(nil)");
  assert.equal(printed(3), "(integer) 3");
  assert.equal(printed(1.5), "(double) 1.5");
  assert.equal(printed(bytes('a"b')), '"a\\"b"');
  assert.equal(printed("OK"), "OK");
  assert.equal(printed([]), "(empty array)");
});

test("lists are numbered and nested", () => {
  const list = [bytes("a"), [1, [null]], new RedisError("ERR no")];
  assert.equal(printed(list), '1) "a"\n2) 1) (integer) 1\n   2) 1) (nil)\n3) (error) ERR no');
});

test("numbers of long lists are aligned", () => {
  const lines = printed(Array.from({ length: 10 }, () => 0)).split("\n");
  assert.equal(lines[0], " 1) (integer) 0");
  assert.equal(lines[9], "10) (integer) 0");
});

test("a status is told from data by its command, where the transport does not tell", () => {
  assert.equal(printed(bytes("OK"), "SET", false), "OK");
  assert.equal(printed(bytes("OK"), "GET", true), '"OK"');
  assert.equal(printed(bytes("OK"), "LPOP", false), '"OK"');
  assert.equal(printed(bytes("zset"), "TYPE", true), "zset");
});

test("reports are printed as they are", () => {
  assert.equal(printed(bytes("# Server\r\nversion:7\r\n"), "INFO"), "# Server\nversion:7");
});

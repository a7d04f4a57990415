import assert from "node:assert/strict";
import { test } from "node:test";
import { quote } from "../src/text.ts";
import { split } from "../src/line/words.ts";

function wordsOf(line: string): unknown[] {
  return split(line).tokens.map(({ word }) => word);
}

test("words are taken apart as redis-cli does", () => {
  assert.deepEqual(wordsOf("  set  a b "), ["set", "a", "b"]);
  assert.deepEqual(wordsOf(String.raw`set "a b" 'c "d"' "e\n\t\"\\"`), ["set", "a b", 'c "d"', 'e\n\t"\\']);
  assert.deepEqual(wordsOf(String.raw`"\x41\x00"`), ["A\0"]);
  assert.deepEqual(wordsOf('""'), [""]);
});

test("an escape beyond ASCII makes a word of bytes", () => {
  assert.deepEqual(wordsOf(String.raw`"é\xff\x00"`), [Uint8Array.of(0xc3, 0xa9, 0xff, 0)]);
});

test("quotes that do not close, or close within a word, are errors", () => {
  for (const line of ['get "a', "get 'a", 'get "a"b']) assert.equal(split(line).isBroken, true, line);
  assert.equal(split('get "a" b').isBroken, false);
});

test("places are those in the line", () => {
  assert.deepEqual(split('a  "b c"').tokens.map(({ start, end }) => [start, end]), [[0, 1], [3, 8]]);
});

test("what is quoted reads back as the same bytes", () => {
  let seed = 7;
  for (let round = 0; round < 500; round++) {
    const bytes = Uint8Array.from({ length: round % 12 }, () => (seed = (seed * 48271) % 2147483647) & 0xff);
    const [word = ""] = wordsOf(quote(bytes));
    const back = typeof word === "string" ? new TextEncoder().encode(word) : word;
    assert.deepEqual(back, bytes, `${quote(bytes)} in round ${round}`);
  }
});

test("text that can be read is shown as it is, the rest as bytes", () => {
  assert.equal(quote("größe 🐦"), '"größe 🐦"');
  assert.equal(quote("a\u202eb\x00"), String.raw`"a\xe2\x80\xaeb\x00"`);
  assert.equal(quote(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9)), String.raw`"a\xffé"`);
});

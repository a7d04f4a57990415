import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { accept, advise } from "../src/line/completion.ts";
import { readDocs } from "../src/line/docs.ts";
import { syntaxOf } from "../src/line/syntax.ts";

// What redis-server 7.0 answers to COMMAND DOCS for a few commands.
const docs = readDocs(JSON.parse(readFileSync("tests/command-docs.json", "utf8")));

function offers(line: string, keys: string[] = []): string[] {
  return advise(line, line.length, docs, keys).completion?.candidates.map(({ text }) => text) ?? [];
}

function marked(line: string): string[] {
  const hint = advise(line, line.length, docs, []).hint;
  return hint ? [...hint.places].map((place) => hint.doc.parts[place]).map((part) => (part ? syntaxOf(part) : "?")) : [];
}

function syntax(name: string): string {
  return (docs.get(name)?.parts ?? []).map(syntaxOf).join(" ");
}

test("the grammar is written as on reference pages", () => {
  assert.equal(
    syntax("SET"),
    "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
  );
  assert.equal(syntax("ZADD"), "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]");
  assert.equal(
    syntax("ZINTERSTORE"),
    "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
  );
});

test("commands and subcommands are offered by their beginnings, in the typed case", () => {
  assert.deepEqual(offers("z"), ["zadd", "zinterstore", "zrange"]);
  assert.deepEqual(offers("ZR"), ["ZRANGE"]);
  assert.deepEqual(offers("config "), ["GET", "HELP", "RESETSTAT", "REWRITE", "SET"]);
  assert.deepEqual(offers("config re"), ["resetstat", "rewrite"]);
  assert.deepEqual(offers(""), []);
});

test("options are offered where they may stand, each once", () => {
  assert.deepEqual(offers("set k v "), ["NX", "XX", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"]);
  assert.deepEqual(offers("set k v ex 10 "), ["NX", "XX", "GET"]);
  assert.deepEqual(offers("set k v nx e"), ["ex", "exat"]);
  assert.deepEqual(offers("set k v EX "), []);
  assert.deepEqual(offers("zinterstore d 2 a b "), ["WEIGHTS", "AGGREGATE"]);
  assert.deepEqual(offers("zinterstore d 2 a b aggregate "), ["SUM", "MIN", "MAX"]);
  assert.deepEqual(offers("zadd z "), ["NX", "XX", "GT", "LT", "CH", "INCR"]);
});

test("keys are offered where a key is wanted", () => {
  assert.deepEqual(offers("get us", ["user:1", "User", "other", "us er"]), ["user:1"]);
  assert.deepEqual(offers("set k us", ["user:1"]), []);
});

test("the argument that comes next is marked", () => {
  assert.deepEqual(marked("set "), ["key"]);
  assert.deepEqual(marked("set k"), ["key"]);
  assert.deepEqual(marked("set k "), ["value"]);
  assert.deepEqual(marked("set k v EX "), ["[EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]"]);
  assert.deepEqual(marked("zadd z 1 "), ["score member [score member ...]"]);
  assert.deepEqual(marked("zinterstore d 2 a "), ["key [key ...]"]);
});

test("a candidate replaces the typed word", () => {
  const { completion } = advise("zra k", 3, docs, []);
  const [first] = completion?.candidates ?? [];
  assert.ok(completion && first);
  assert.deepEqual(accept("zra k", completion, first), { line: "zrange k", caret: 7 });
});

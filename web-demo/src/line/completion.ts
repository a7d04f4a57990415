/** What could stand where the caret is. */
import { textOf } from "../text.ts";
import { findDoc, type Argument, type CommandDoc, type Docs } from "./docs.ts";
import { expectedAfter, firstTokens, firstValues, type Expected } from "./syntax.ts";
import { split, type Token } from "./words.ts";

/** A word to put in. */
export interface Candidate {
  readonly text: string;
  /** A word or two about it. */
  readonly detail: string;
}

/** What could replace a part of the line. */
export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly candidates: readonly Candidate[];
}

/** What to say about the command at the caret. */
export interface Hint {
  readonly doc: CommandDoc;
  /** Which of its arguments come next. */
  readonly places: ReadonlySet<number>;
}

/** What the table says about a line up to the caret. */
export interface Advice {
  readonly completion: Completion | undefined;
  readonly hint: Hint | undefined;
}

const MOST_CANDIDATES = 50;
const PLAIN = /^[^\s"'\\]+$/;

/** Looks a line up in the table; `keys` are names to offer where a key is wanted. */
export function advise(line: string, caret: number, docs: Docs, keys: readonly string[]): Advice {
  const { tokens, isBroken } = split(line.slice(0, caret));
  const last = tokens.at(-1);
  const current = last && last.end === caret ? last : undefined;
  const before = current ? tokens.slice(0, -1) : tokens;
  const typed = current ? line.slice(current.start, caret) : "";
  const start = current?.start ?? caret;
  if (before.length === 0) {
    const completion = typed === "" ? undefined : completionOf(names(docs, ""), typed, start, caret);
    return { completion, hint: hintAtName(docs, typed) };
  }
  const words = before.map(plainText);
  const found = findDoc(docs, words);
  if (!found) return { completion: undefined, hint: undefined };
  const { doc, nameLength } = found;
  if (nameLength === 1 && doc.subcommands.length > 0 && before.length === 1) {
    const hint = findDoc(docs, [...words, typed])?.doc ?? doc;
    return { completion: completionOf(names(docs, doc.name), typed, start, caret), hint: { doc: hint, places: new Set() } };
  }
  const expected = expectedAfter(doc.parts, words.slice(nameLength));
  const offers = isBroken ? [] : [...tokensOf(expected), ...keysOf(expected, keys, typed)];
  return { completion: completionOf(offers, typed, start, caret), hint: { doc, places: expected.places } };
}

/** The line with a candidate put in, and where the caret goes. */
export function accept(line: string, { start, end }: Completion, { text }: Candidate): { line: string; caret: number } {
  const behind = line.slice(end);
  const gap = behind.startsWith(" ") ? "" : " ";
  return { line: line.slice(0, start) + text + gap + behind, caret: start + text.length + 1 };
}

function plainText({ word }: Token): string {
  return textOf(word) ?? "";
}

function hintAtName(docs: Docs, typed: string): Hint | undefined {
  const doc = docs.get(typed.toUpperCase());
  return doc && { doc, places: new Set() };
}

/** Commands, or the subcommands of one. */
function names(docs: Docs, container: string): Candidate[] {
  const prefix = container ? `${container} ` : "";
  return [...docs.values()]
    .filter(({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes(" "))
    .map(({ name, summary }) => ({ text: name.slice(prefix.length), detail: summary }));
}

function tokensOf({ next }: Expected): Candidate[] {
  return next
    .filter(({ isBehindToken }) => !isBehindToken)
    .flatMap(({ argument }) => firstTokens(argument).map((token) => ({ text: token, detail: valueBehind(argument, token) })));
}

/** What follows a token: `seconds` after EX. */
function valueBehind(argument: Argument, token: string): string {
  if (argument.type === "pure-token") return "";
  if (argument.token === token) return argument.type === "block" || argument.type === "oneof" ? "" : argument.name;
  const part = argument.parts.find((inner) => firstTokens(inner).includes(token));
  return part ? valueBehind(part, token) : "";
}

function keysOf({ next }: Expected, keys: readonly string[], typed: string): Candidate[] {
  const values = next.flatMap(({ argument, isBehindToken }) => (isBehindToken ? [argument] : firstValues(argument)));
  if (typed === "" || !values.some(({ type }) => type === "key")) return [];
  return keys.filter((key) => PLAIN.test(key)).map((key) => ({ text: key, detail: "key" }));
}

/** Those that begin with what was typed, in its case; nothing when that is all there already. */
function completionOf(offers: readonly Candidate[], typed: string, start: number, end: number): Completion | undefined {
  const isLower = typed !== "" && typed === typed.toLowerCase();
  const candidates = offers
    .filter(({ text, detail }) => (detail === "key" ? text.startsWith(typed) : text.startsWith(typed.toUpperCase())))
    .map(({ text, detail }) => ({ text: isLower && detail !== "key" ? text.toLowerCase() : text, detail }))
    .slice(0, MOST_CANDIDATES);
  const isDone = candidates.length === 1 && candidates[0]?.text === typed;
  return candidates.length === 0 || isDone ? undefined : { start, end, candidates };
}

/** A command's grammar: written out for people, and matched against what was typed so far. */
import type { Argument } from "./docs.ts";

/** An argument as reference pages write it: `[EX seconds | PX milliseconds]`, `key [key ...]`. */
export function syntaxOf(argument: Argument): string {
  const value = valueOf(argument);
  const one = argument.token !== undefined && argument.type !== "pure-token" ? `${argument.token || '""'} ${value}` : value;
  const repeated = argument.isMultiple ? `${one} [${argument.repeatsToken ? one : value} ...]` : one;
  return argument.isOptional ? `[${repeated}]` : repeated;
}

function valueOf(argument: Argument): string {
  switch (argument.type) {
    case "pure-token":
      return argument.token || '""';
    case "oneof": {
      const choices = argument.parts.map(syntaxOf).join(" | ");
      return argument.isOptional && argument.token === undefined ? choices : `<${choices}>`;
    }
    case "block":
      return argument.parts.map(syntaxOf).join(" ");
    default:
      return argument.name;
  }
}

/** An argument that may come next: all of it, or only the value behind its token. */
export interface Next {
  readonly argument: Argument;
  readonly isBehindToken: boolean;
}

/** What may stand at the next word. */
export interface Expected {
  /** The arguments that may begin or go on there. */
  readonly next: readonly Next[];
  /** Which of the command's own arguments these belong to, as indices. */
  readonly places: ReadonlySet<number>;
}

/** What may follow after these words, which are a command's words without its name. */
export function expectedAfter(parts: readonly Argument[], words: readonly string[]): Expected {
  const { next } = new Matcher(words).sequence(parts, 0);
  const places = next.map(({ argument }) => parts.findIndex((part) => contains(part, argument)));
  return { next, places: new Set(places) };
}

/** The words that an argument can begin with, if they are fixed. */
export function firstTokens(argument: Argument): string[] {
  if (argument.token !== undefined) return argument.token ? [argument.token] : [];
  if (argument.type === "oneof") return argument.parts.flatMap(firstTokens);
  return argument.type === "block" ? beginnings(argument.parts).flatMap(firstTokens) : [];
}

/** The plain arguments that an argument can begin with. */
export function firstValues(argument: Argument): Argument[] {
  if (argument.token !== undefined) return [];
  if (argument.type === "oneof") return argument.parts.flatMap(firstValues);
  return argument.type === "block" ? beginnings(argument.parts).flatMap(firstValues) : [argument];
}

/** The optional arguments at the front, and the first that is not. */
function beginnings(parts: readonly Argument[]): readonly Argument[] {
  const required = parts.findIndex((part) => !part.isOptional);
  return required < 0 ? parts : parts.slice(0, required + 1);
}

function contains(part: Argument, argument: Argument): boolean {
  return part === argument || part.parts.some((inner) => contains(inner, argument));
}

/** Where matching got to: behind some words, or at the last one with something still to come. */
interface Progress {
  readonly at: number;
  readonly isOpen: boolean;
  readonly next: readonly Next[];
}

const DONE = { isOpen: false, next: [] } as const;

/** The words end where one of these may begin. */
function open(at: number, ...next: readonly Argument[]): Progress {
  return { at, isOpen: true, next: next.map((argument) => ({ argument, isBehindToken: false })) };
}

/**
 * Walks the grammar along the words, greedily: options in any order, repetitions as long as no option's word comes.
 * That is how a person reads it; the store's own parser is stricter.
 */
class Matcher {
  readonly #words: readonly string[];
  #count: number | undefined;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  sequence(parts: readonly Argument[], start: number): Progress {
    let at = start;
    for (let index = 0; index < parts.length; ) {
      const group = optionsAt(parts, index);
      const follow = parts.slice(index + Math.max(group.length, 1));
      const one = parts[index];
      const progress = group.length > 0 || !one ? this.#options(group, at, follow) : this.#repeated(one, at, follow);
      if (progress.isOpen) return progress;
      at = progress.at;
      index += Math.max(group.length, 1);
    }
    return { at, ...DONE };
  }

  #options(group: readonly Argument[], start: number, follow: readonly Argument[]): Progress {
    const left = new Set(group);
    let at = start;
    for (;;) {
      const word = this.#words[at];
      if (word === undefined) return open(at, ...left, ...beginnings(follow));
      const option = choose([...left], word);
      if (!option) return { at, ...DONE };
      const progress = this.#repeated(option, at, [...left].filter((other) => other !== option).concat(follow));
      if (progress.isOpen) return progress;
      at = progress.at;
      left.delete(option);
    }
  }

  #repeated(argument: Argument, start: number, follow: readonly Argument[]): Progress {
    let progress = this.#once(argument, start, false);
    if (!argument.isMultiple) return progress;
    let left = this.#count === undefined ? Infinity : this.#count - 1;
    this.#count = undefined;
    for (; left > 0 && !progress.isOpen; left--) {
      const word = this.#words[progress.at];
      if (word === undefined) {
        const others = Number.isFinite(left) ? [] : beginnings(follow);
        return open(progress.at, argument, ...others);
      }
      const repeatsHere = argument.repeatsToken ? begins(argument, word) : !follow.some((other) => beginsByToken(other, word));
      if (!repeatsHere) break;
      progress = this.#once(argument, progress.at, !argument.repeatsToken);
    }
    return progress;
  }

  #once(argument: Argument, start: number, skipToken: boolean): Progress {
    const word = this.#words[start];
    if (word === undefined) return open(start, argument);
    if (argument.type === "pure-token") return { at: start + 1, ...DONE };
    const at = argument.token !== undefined && !skipToken ? start + 1 : start;
    if (argument.type === "block") return this.sequence(argument.parts, at);
    if (argument.type === "oneof") return this.#choice(argument, at);
    return this.#value(argument, at);
  }

  #choice(argument: Argument, at: number): Progress {
    const word = this.#words[at];
    if (word === undefined) return open(at, ...argument.parts);
    const choice = choose(argument.parts, word);
    return choice ? this.#repeated(choice, at, []) : { at: at + 1, ...DONE };
  }

  #value(argument: Argument, at: number): Progress {
    const word = this.#words[at];
    if (word === undefined) return { at, isOpen: true, next: [{ argument, isBehindToken: argument.token !== undefined }] };
    if (argument.name === "numkeys" && /^\d+$/.test(word)) this.#count = Number(word);
    return { at: at + 1, ...DONE };
  }
}

/** The optional arguments that stand together from an index on. */
function optionsAt(parts: readonly Argument[], index: number): readonly Argument[] {
  const length = parts.slice(index).findIndex((part) => !part.isOptional);
  return length < 0 ? parts.slice(index) : parts.slice(index, index + length);
}

/** The argument that a word begins: by its token, else the first that takes any word. */
function choose(parts: readonly Argument[], word: string): Argument | undefined {
  return parts.find((part) => beginsByToken(part, word)) ?? parts.find((part) => begins(part, word));
}

function beginsByToken(argument: Argument, word: string): boolean {
  return firstTokens(argument).some((token) => token.toUpperCase() === word.toUpperCase());
}

function begins(argument: Argument, word: string): boolean {
  return beginsByToken(argument, word) || firstValues(argument).length > 0;
}

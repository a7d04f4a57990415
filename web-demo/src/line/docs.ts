/** The command table, as the store itself tells it: `COMMAND DOCS`. */
import type { Reply } from "redstart";
import { textOf } from "../text.ts";

/** An argument of a command. */
export interface Argument {
  readonly name: string;
  /** `key`, `string`, `integer`, `double`, `pattern`, `unix-time`, `pure-token`, `oneof`, `block`. */
  readonly type: string;
  readonly token: string | undefined;
  readonly isOptional: boolean;
  readonly isMultiple: boolean;
  /** Whether each repetition has the token before it. */
  readonly repeatsToken: boolean;
  readonly parts: readonly Argument[];
}

/** A command, or a subcommand with both words as its name. */
export interface CommandDoc {
  readonly name: string;
  readonly summary: string;
  readonly since: string;
  readonly complexity: string;
  readonly parts: readonly Argument[];
  readonly subcommands: readonly CommandDoc[];
}

/** Commands by their names in upper case; subcommands as `CONFIG GET`. */
export type Docs = ReadonlyMap<string, CommandDoc>;

/** Reads the answer of `COMMAND DOCS`. */
export function readDocs(reply: Reply): Docs {
  const docs = commandsOf(reply).flatMap((doc) => [doc, ...doc.subcommands]);
  return new Map(docs.sort((a, b) => (a.name < b.name ? -1 : 1)).map((doc) => [doc.name, doc]));
}

/** The command that words begin with, and how many of them are its name. */
export function findDoc(docs: Docs, words: readonly string[]): { doc: CommandDoc; nameLength: number } | undefined {
  const [first, second] = words.map((word) => word.toUpperCase());
  const pair = second === undefined ? undefined : docs.get(`${first} ${second}`);
  if (pair) return { doc: pair, nameLength: 2 };
  const doc = first === undefined ? undefined : docs.get(first);
  return doc && { doc, nameLength: 1 };
}

function commandsOf(reply: Reply): CommandDoc[] {
  return [...fieldsOf(reply)].map(([name, doc]) => commandOf(name, fieldsOf(doc)));
}

function commandOf(name: string, fields: ReadonlyMap<string, Reply>): CommandDoc {
  return {
    name: name.replace("|", " ").toUpperCase(),
    summary: word(fields.get("summary")),
    since: word(fields.get("since")),
    complexity: word(fields.get("complexity")),
    parts: argumentsOf(fields.get("arguments")),
    subcommands: commandsOf(fields.get("subcommands") ?? []),
  };
}

function argumentsOf(reply: Reply | undefined): Argument[] {
  return listOf(reply).map((argument) => argumentOf(fieldsOf(argument)));
}

function argumentOf(fields: ReadonlyMap<string, Reply>): Argument {
  const flags = new Set(listOf(fields.get("flags")).map(word));
  return {
    name: word(fields.get("display_text")) || word(fields.get("name")),
    type: word(fields.get("type")),
    token: fields.has("token") ? word(fields.get("token")) : undefined,
    isOptional: flags.has("optional"),
    isMultiple: flags.has("multiple"),
    repeatsToken: flags.has("multiple_token"),
    parts: argumentsOf(fields.get("arguments")),
  };
}

/** A map, which comes as a flat list. */
function fieldsOf(reply: Reply): Map<string, Reply> {
  const list = listOf(reply);
  const fields = new Map<string, Reply>();
  for (let at = 0; at + 1 < list.length; at += 2) fields.set(word(list[at]), list[at + 1] ?? null);
  return fields;
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function word(reply: Reply | undefined): string {
  if (reply instanceof Uint8Array) return textOf(reply) ?? "";
  return typeof reply === "string" ? reply : "";
}

/** The command line and its answers. */
import { RedisError, type Reply } from "redstart";
import { button, element, h, messageOf } from "../dom.ts";
import { findDoc } from "../line/docs.ts";
import { History } from "../line/history.ts";
import { syntaxOf } from "../line/syntax.ts";
import { split } from "../line/words.ts";
import { format, type Line } from "../reply.ts";
import type { Store } from "../store.ts";
import { textOf } from "../text.ts";
import { CommandLine } from "./command-line.ts";

/** How many lines of an answer are shown at once. */
const LINES_AT_ONCE = 500;
const MOST_ENTRIES = 300;
const EXAMPLES = ['SET greeting "Hello from Redstart" EX 600', "ZADD scores 42 ada 17 bob 99 eve", "ZRANGE scores 0 -1 REV WITHSCORES"];

/** What other panes do for the command line. */
export interface Neighbours {
  /** Names of keys, for completion. */
  keys(): readonly string[];
  /** Listens to channels or patterns. */
  subscribe(kind: "channels" | "patterns", names: readonly string[]): void;
  /** Stops listening; to everything of that kind without names. */
  unsubscribe(kind: "channels" | "patterns", names: readonly string[]): void;
  /** Shows the list of shortcuts. */
  help(): void;
}

/** The pane. */
export class ConsolePane {
  readonly #output = element("output", HTMLDivElement);
  readonly #prompt = element("prompt", HTMLLabelElement);
  readonly #store: Store;
  readonly #neighbours: Neighbours;
  readonly #line: CommandLine;

  constructor(store: Store, neighbours: Neighbours) {
    this.#store = store;
    this.#neighbours = neighbours;
    this.#line = new CommandLine(new History(localStorage), {
      docs: () => store.docs,
      keys: () => neighbours.keys(),
      run: (line) => void this.#run(line),
      clear: () => this.#clear(),
    });
    element("clear-output", HTMLButtonElement).addEventListener("click", () => this.#clear());
    store.sessionChanged.on(() => this.#showPrompt());
    store.switched.on((place) => {
      this.#showPrompt();
      this.#note(place === "page" ? "Now using the store inside this page." : `Now using the gateway at ${store.gateway.url}.`);
    });
    store.learned.on(() => this.#line.refresh());
    this.#showPrompt();
    this.#welcome();
  }

  #showPrompt(): void {
    const { database, isInTransaction } = this.#store.session;
    const place = this.#store.place;
    this.#prompt.textContent = `${place}${database ? `[${database}]` : ""}${isInTransaction ? "(TX)" : ""}>`;
  }

  #welcome(): void {
    const examples = EXAMPLES.map((line) => h("li", {}, button(line, { class: "example" }, () => this.#line.put(line))));
    const text = h("p", {}, "Type a command below. Tab completes it, ", h("kbd", {}, "?"), " lists the keys. For example:");
    this.#output.append(h("div", { class: "welcome" }, text, h("ul", {}, ...examples)));
  }

  #clear(): void {
    this.#output.replaceChildren();
  }

  async #run(line: string): Promise<void> {
    const { entry, answer } = this.#ask(line);
    await this.#answer(line, answer);
    entry.removeAttribute("aria-busy");
    this.#scroll();
  }

  async #answer(line: string, answer: HTMLElement): Promise<void> {
    const { tokens, isBroken } = split(line);
    if (isBroken) return this.#fail(answer, "Invalid argument(s): a quote is not closed, or something follows it");
    const words = tokens.map(({ word }) => word);
    const texts = words.map((word) => textOf(word) ?? "");
    if (this.#runHere(texts, answer)) return;
    const begun = performance.now();
    const waiting = setTimeout(() => answer.replaceChildren(h("span", { class: "nil" }, "waiting …")), 200);
    try {
      const reply = await this.#store.run(words);
      this.#show(answer, reply, texts);
    } catch (error) {
      this.#show(answer, error instanceof RedisError ? error : new RedisError(messageOf(error)), texts);
    } finally {
      clearTimeout(waiting);
      answer.before(h("span", { class: "took" }, duration(performance.now() - begun)));
    }
  }

  /** Words that are for the page, not for the store. Whether it was one. */
  #runHere([first = "", ...rest]: readonly string[], answer: HTMLElement): boolean {
    switch (first.toUpperCase()) {
      case "CLEAR":
        this.#clear();
        return true;
      case "?":
        this.#neighbours.help();
        return true;
      case "HELP":
        this.#help(answer, rest);
        return true;
      case "EXIT":
      case "QUIT":
        answer.append("Nothing to quit: close the tab, or switch the store above.");
        return true;
      case "MONITOR":
        this.#fail(answer, "MONITOR does not end, so it cannot be answered here");
        return true;
      default:
        return this.#listens(first.toUpperCase(), rest, answer);
    }
  }

  /** Subscriptions live in the messages pane, so that the command line stays free. */
  #listens(command: string, names: readonly string[], answer: HTMLElement): boolean {
    const match = /^(P?)(UN)?SUBSCRIBE$/.exec(command);
    if (!match || (names.length === 0 && match[2] === undefined)) return false;
    const kind = match[1] === "P" ? "patterns" : "channels";
    if (match[2]) this.#neighbours.unsubscribe(kind, names);
    else this.#neighbours.subscribe(kind, names);
    answer.append(match[2] ? "Done." : "Listening: see Messages.");
    return true;
  }

  #help(answer: HTMLElement, words: readonly string[]): void {
    if (words.length === 0) return this.#neighbours.help();
    const found = findDoc(this.#store.docs, words);
    if (!found) return this.#fail(answer, `The store knows no command ${words.join(" ")}`);
    const { name, parts, summary, since, complexity, subcommands } = found.doc;
    const syntax = [name, ...parts.map(syntaxOf)].join(" ");
    const more = subcommands.length > 0 ? `\nSubcommands: ${subcommands.map((command) => command.name.split(" ")[1]).join(", ")}` : "";
    answer.append(h("b", {}, syntax), `\n${summary}\n`, h("span", { class: "nil" }, `Since ${since}. ${complexity}${more}`));
  }

  /** Repeats the line in the output and gives the place for its answer. */
  #ask(line: string): { entry: HTMLElement; answer: HTMLElement } {
    this.#output.querySelector(".welcome")?.remove();
    const answer = h("pre");
    const asked = h("div", { class: "asked" }, h("span", { class: "prompt" }, this.#prompt.textContent ?? ""), h("code", {}, line));
    const entry = h("div", { class: "entry", "aria-busy": "true" }, asked, answer);
    this.#append(entry);
    return { entry, answer };
  }

  #note(text: string): void {
    if (this.#output.childElementCount > 0) this.#append(h("p", { class: "note" }, text));
  }

  #fail(answer: HTMLElement, text: string): void {
    answer.replaceChildren(h("span", { class: "error" }, text));
  }

  #show(answer: HTMLElement, reply: Reply, [first = "", second = ""]: readonly string[]): void {
    const command = first.toUpperCase();
    const pair = `${command} ${second.toUpperCase()}`;
    const name = this.#store.docs.has(pair) ? pair : command;
    answer.replaceChildren();
    pour(answer, format(reply, { name, isReadOnly: this.#store.isReadOnly(name) }));
  }

  #append(entry: HTMLElement): void {
    this.#output.append(entry);
    while (this.#output.childElementCount > MOST_ENTRIES) this.#output.firstElementChild?.remove();
    this.#scroll();
  }

  #scroll(): void {
    this.#output.scrollTop = this.#output.scrollHeight;
  }
}

/** Adds lines up to a bound, and a button for the rest. */
function pour(answer: HTMLElement, lines: Generator<Line>): void {
  const part = document.createDocumentFragment();
  for (let n = 0; n < LINES_AT_ONCE; n++) {
    const { value, done } = lines.next();
    if (done) return answer.append(part);
    if (n > 0 || answer.childNodes.length > 0) part.append("\n");
    part.append(...value.map(({ kind, text }) => h("span", { class: kind }, text)));
  }
  const more = button("More", { class: "more" }, () => {
    more.remove();
    pour(answer, lines);
  });
  answer.append(part, more);
}

function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

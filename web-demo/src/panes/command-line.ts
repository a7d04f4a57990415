/** The command line's input: completion, hints and history. What a line does is not its business. */
import { element, h } from "../dom.ts";
import { accept, advise, type Advice, type Candidate } from "../line/completion.ts";
import type { Docs } from "../line/docs.ts";
import type { History } from "../line/history.ts";
import { syntaxOf } from "../line/syntax.ts";

/** What the input asks its surroundings. */
export interface Surroundings {
  /** The command table. */
  docs(): Docs;
  /** Names to offer where a key is wanted. */
  keys(): readonly string[];
  /** Runs a line. */
  run(line: string): void;
  /** Clears the answers. */
  clear(): void;
}

/** The input and what hangs on it. */
export class CommandLine {
  readonly #input = element("line", HTMLInputElement);
  readonly #options = element("options", HTMLUListElement);
  readonly #hint = element("hint", HTMLDivElement);
  readonly #history: History;
  readonly #around: Surroundings;
  #advice: Advice = { completion: undefined, hint: undefined };
  #chosen = -1;
  #isDismissed = false;

  constructor(history: History, around: Surroundings) {
    this.#history = history;
    this.#around = around;
    element("form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("input", () => {
      this.#history.reset();
      this.#isDismissed = false;
      this.refresh();
    });
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#input.addEventListener("keyup", ({ key }) => {
      if (key === "ArrowLeft" || key === "ArrowRight" || key === "Home" || key === "End") this.refresh();
    });
    this.#input.addEventListener("click", () => this.refresh());
    this.#input.addEventListener("blur", () => this.#close());
    this.#options.addEventListener("pointerdown", (event) => this.#pointed(event));
  }

  /** Puts a line in and the caret behind it. */
  put(line: string): void {
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.#input.focus();
    this.refresh();
  }

  /** Looks the line up again. */
  refresh(): void {
    const { value, selectionStart } = this.#input;
    this.#advice = advise(value, selectionStart ?? value.length, this.#around.docs(), this.#around.keys());
    this.#chosen = -1;
    this.#showHint();
    const isWanted = document.activeElement === this.#input && !this.#isDismissed && !this.#history.isWalking;
    if (this.#isWordTyped() && isWanted) this.#open();
    else this.#close();
  }

  /** An empty word's completions only come on request: they would stand in the way. */
  #isWordTyped(): boolean {
    const { completion } = this.#advice;
    return completion !== undefined && completion.end > completion.start;
  }

  #submit(): void {
    const line = this.#input.value.trim();
    this.#input.value = "";
    this.#history.reset();
    this.refresh();
    if (line === "") return;
    this.#history.add(line);
    this.#around.run(line);
  }

  #pressed(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.ctrlKey ? this.#pressedWithControl(event.key) : this.#pressedPlain(event)) event.preventDefault();
  }

  /** Whether the key was for us. */
  #pressedWithControl(key: string): boolean {
    if (key === "l") {
      this.#around.clear();
      return true;
    }
    if (key === " ") {
      this.#open();
      return true;
    }
    return false;
  }

  #pressedPlain({ key, shiftKey }: KeyboardEvent): boolean {
    switch (key) {
      case "Tab":
        return !shiftKey && this.#complete();
      case "Enter":
        return this.#chosen >= 0 && this.#take(this.#chosen);
      case "Escape":
        return this.#escape();
      case "ArrowUp":
        return this.#isOpen && this.#chosen >= 0 ? this.#choose(this.#chosen - 1) : this.#walk(this.#history.older(this.#input.value));
      case "ArrowDown":
        if (this.#history.isWalking) return this.#walk(this.#history.newer());
        return this.#isOpen ? this.#choose(this.#chosen + 1) : true;
      default:
        return false;
    }
  }

  /** The first Tab opens the completions where there are several; the next one takes the chosen one. */
  #complete(): boolean {
    const { completion } = this.#advice;
    if (!completion || this.#isDismissed) return false;
    if (this.#chosen >= 0) return this.#take(this.#chosen);
    if (this.#isWordTyped() || completion.candidates.length === 1) return this.#take(0);
    this.#open();
    return this.#choose(0);
  }

  /** Closes the completions; Esc once more leaves the input. */
  #escape(): boolean {
    if (!this.#isOpen) return false;
    this.#isDismissed = true;
    this.#close();
    return true;
  }

  #walk(line: string | undefined): boolean {
    if (line === undefined) return true;
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
    this.refresh();
    return true;
  }

  #take(index: number): boolean {
    const { completion } = this.#advice;
    const candidate = completion?.candidates[index];
    if (!completion || !candidate) return false;
    const { line, caret } = accept(this.#input.value, completion, candidate);
    this.#input.value = line;
    this.#input.setSelectionRange(caret, caret);
    this.#history.reset();
    this.refresh();
    return true;
  }

  get #isOpen(): boolean {
    return !this.#options.hidden;
  }

  #open(): void {
    const { completion } = this.#advice;
    if (!completion) return;
    this.#options.replaceChildren(...completion.candidates.map(optionOf));
    this.#options.style.setProperty("--column", String(completion.start));
    this.#options.hidden = false;
    this.#options.scrollTop = 0;
    this.#input.setAttribute("aria-expanded", "true");
  }

  #close(): void {
    this.#options.hidden = true;
    this.#chosen = -1;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  /** Marks a candidate; above the first one is none. */
  #choose(index: number): boolean {
    const options = [...this.#options.children];
    this.#chosen = Math.min(index, options.length - 1);
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === this.#chosen)));
    const chosen = options[this.#chosen];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) this.#input.setAttribute("aria-activedescendant", chosen.id);
    else this.#input.removeAttribute("aria-activedescendant");
    return true;
  }

  #pointed(event: PointerEvent): void {
    event.preventDefault();
    const option = event.target instanceof Element ? event.target.closest("li") : null;
    if (option) this.#take([...this.#options.children].indexOf(option));
  }

  #showHint(): void {
    const { hint } = this.#advice;
    if (!hint) {
      this.#hint.replaceChildren();
      return;
    }
    const { doc, places } = hint;
    const parts = doc.parts.map((part, at) => h("span", places.has(at) ? { class: "next" } : {}, syntaxOf(part)));
    const syntax = [h("b", {}, doc.name), ...parts].flatMap((part) => [part, " "]);
    this.#hint.replaceChildren(h("code", {}, ...syntax), h("p", {}, doc.summary));
  }
}

function optionOf({ text, detail }: Candidate, index: number): HTMLLIElement {
  return h("li", { id: `option-${index}`, role: "option", "aria-selected": "false" }, h("b", {}, text), h("span", {}, detail));
}

/** The lines that were run, kept over reloads. */

const KEY = "redstart.history";
const MOST_LINES = 500;
/** Lines with a password or a token are not kept, as in redis-cli. */
const SECRET = /^\s*(auth\b|hello\b.*\bauth\b|acl\s+setuser\b|config\s+set\b.*(pass|auth|token)|migrate\b.*\bauth)/i;

/** What is needed of `localStorage`. */
export type Shelf = Pick<Storage, "getItem" | "setItem">;

/** Walks through earlier lines; those that begin with what was typed, when something was. */
export class History {
  readonly #shelf: Shelf;
  #lines: string[];
  #at: number;
  #typed = "";

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
    this.#lines = read(shelf);
    this.#at = this.#lines.length;
  }

  /** Adds a line that was run, and starts over at the end. */
  add(line: string): void {
    if (line !== this.#lines.at(-1) && !SECRET.test(line)) {
      this.#lines = [...this.#lines, line].slice(-MOST_LINES);
      this.#save();
    }
    this.reset();
  }

  /** The next older line that begins with what was typed; nothing at the end. */
  older(current: string): string | undefined {
    if (this.#at === this.#lines.length) this.#typed = current;
    return this.#walk(-1);
  }

  /** The next newer line; at last what was typed. */
  newer(): string | undefined {
    if (this.#at === this.#lines.length) return undefined;
    const line = this.#walk(1);
    if (line !== undefined) return line;
    this.#at = this.#lines.length;
    return this.#typed;
  }

  /** Whether an earlier line is shown. */
  get isWalking(): boolean {
    return this.#at < this.#lines.length;
  }

  /** Starts over at the end. */
  reset(): void {
    this.#at = this.#lines.length;
    this.#typed = "";
  }

  #walk(step: 1 | -1): string | undefined {
    const shown = this.#lines[this.#at];
    for (let at = this.#at + step; at >= 0 && at < this.#lines.length; at += step) {
      const line = this.#lines[at];
      if (line === undefined || line === shown || !line.startsWith(this.#typed)) continue;
      this.#at = at;
      return line;
    }
    return undefined;
  }

  #save(): void {
    try {
      this.#shelf.setItem(KEY, JSON.stringify(this.#lines));
    } catch {
      // A full or forbidden storage costs the next visit's history, nothing else.
    }
  }
}

function read(shelf: Shelf): string[] {
  try {
    const lines: unknown = JSON.parse(shelf.getItem(KEY) ?? "[]");
    return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}

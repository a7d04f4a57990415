/** BITFIELD's operations, one call each, as `@upstash/redis` has them. */
import { command, type Command } from "./command.js";
import type { Mode, Out } from "./mode.js";
import type { Key, Numeric } from "./values.js";

/** Reads and changes of integers within a string, collected and then sent. */
export class BitField<M extends Mode> {
  readonly #run: (command: Command<unknown>) => unknown;
  readonly #words: unknown[];

  constructor(run: (command: Command<unknown>) => unknown, key: Key) {
    this.#run = run;
    this.#words = ["BITFIELD", key];
  }

  /** Reads an integer: `get("u8", 0)`, `get("i16", "#1")`. */
  get(encoding: string, offset: Numeric): this {
    return this.#add("GET", encoding, offset);
  }

  /** Writes an integer and gives the one before. */
  set(encoding: string, offset: Numeric, value: Numeric): this {
    return this.#add("SET", encoding, offset, value);
  }

  /** Adds to an integer and gives the sum. */
  incrby(encoding: string, offset: Numeric, increment: Numeric): this {
    return this.#add("INCRBY", encoding, offset, increment);
  }

  /** What the writes behind this one do with a number that is too large. */
  overflow(overflow: "WRAP" | "SAT" | "FAIL"): this {
    return this.#add("OVERFLOW", overflow);
  }

  /** Sends them: a number for each operation, or null for one that failed. */
  exec(): Out<M, (number | null)[]> {
    // What a place makes of a command of this result is what its `run` gives.
    return this.#run(command(this.#words)) as Out<M, (number | null)[]>;
  }

  #add(...words: unknown[]): this {
    this.#words.push(...words);
    return this;
  }
}

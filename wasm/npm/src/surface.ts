/** Turns the list of commands into methods, once, for every class that offers them. */
import { BitField } from "./bitfield.js";
import type { Command } from "./command.js";
import { commands } from "./commands.js";

/** A class whose command methods all end in `run`. */
export abstract class Surface {
  /** What a command method does with its command. */
  protected abstract run(command: Command<unknown>): unknown;
}

for (const [name, encode] of Object.entries(commands)) {
  Object.defineProperty(Surface.prototype, name, {
    value(this: { run(command: Command<unknown>): unknown }, ...args: never[]): unknown {
      return this.run(encode(...args));
    },
    configurable: true,
    writable: true,
  });
}

const whole = Object.getOwnPropertyDescriptor(Surface.prototype, "bitfield");

/** With a key alone it begins a list of operations, with more it is the command. */
Object.defineProperty(Surface.prototype, "bitfield", {
  ...whole,
  value(this: { run(command: Command<unknown>): unknown }, key: string, ...operations: unknown[]): unknown {
    if (operations.length === 0) return new BitField((command) => this.run(command), key);
    return whole?.value.call(this, key, ...operations);
  },
});

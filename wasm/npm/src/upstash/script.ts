/** A script that is sent once and called by its digest. */

/** What runs scripts. */
export interface ScriptRunner {
  run<T>(command: "EVAL" | "EVALSHA" | "EVAL_RO" | "EVALSHA_RO", script: string, keys: string[], args: unknown[]): Promise<T>;
}

/** A script. */
export class Script<T = unknown> {
  /** Its text. */
  readonly script: string;
  readonly #runner: ScriptRunner;
  readonly #digest: Promise<string>;

  constructor(runner: ScriptRunner, script: string) {
    this.#runner = runner;
    this.script = script;
    this.#digest = sha1(script);
  }

  /** Runs it by its text. */
  eval(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run("EVAL", this.script, keys, args);
  }

  /** Runs it by its digest; the server has to know it. */
  async evalsha(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run("EVALSHA", await this.#digest, keys, args);
  }

  /** Runs it by its digest, or by its text where the server does not know it. */
  exec(keys: string[], args: unknown[]): Promise<T> {
    return this.evalsha(keys, args).catch((error: unknown) => {
      if (isUnknown(error)) return this.eval(keys, args);
      throw error;
    });
  }
}

/** A script that only reads. */
export class ScriptRO<T = unknown> {
  /** Its text. */
  readonly script: string;
  readonly #runner: ScriptRunner;
  readonly #digest: Promise<string>;

  constructor(runner: ScriptRunner, script: string) {
    this.#runner = runner;
    this.script = script;
    this.#digest = sha1(script);
  }

  /** Runs it by its text. */
  evalRo(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run("EVAL_RO", this.script, keys, args);
  }

  /** Runs it by its digest; the server has to know it. */
  async evalshaRo(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run("EVALSHA_RO", await this.#digest, keys, args);
  }

  /** Runs it by its digest, or by its text where the server does not know it. */
  exec(keys: string[], args: unknown[]): Promise<T> {
    return this.evalshaRo(keys, args).catch((error: unknown) => {
      if (isUnknown(error)) return this.evalRo(keys, args);
      throw error;
    });
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

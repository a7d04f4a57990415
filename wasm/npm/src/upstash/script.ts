/** A script that is sent once and called by its digest. */

/** What runs scripts. */
export interface ScriptRunner {
  run<T>(command: "EVAL" | "EVALSHA" | "EVAL_RO" | "EVALSHA_RO", script: string, keys: string[], args: unknown[]): Promise<T>;
}

/** A text, by which or by whose digest a script is run with one of two pairs of commands. */
class Source<T> {
  readonly #runner: ScriptRunner;
  readonly #text: string;
  readonly #suffix: "" | "_RO";
  readonly #digest: Promise<string>;

  constructor(runner: ScriptRunner, text: string, suffix: "" | "_RO") {
    this.#runner = runner;
    this.#text = text;
    this.#suffix = suffix;
    this.#digest = sha1(text);
  }

  byText(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run(`EVAL${this.#suffix}`, this.#text, keys, args);
  }

  async byDigest(keys: string[], args: unknown[]): Promise<T> {
    return this.#runner.run(`EVALSHA${this.#suffix}`, await this.#digest, keys, args);
  }

  byEither(keys: string[], args: unknown[]): Promise<T> {
    return this.byDigest(keys, args).catch((error: unknown) => {
      if (isUnknown(error)) return this.byText(keys, args);
      throw error;
    });
  }
}

/** A script. */
export class Script<T = unknown> {
  /** Its text. */
  readonly script: string;
  readonly #source: Source<T>;

  constructor(runner: ScriptRunner, script: string) {
    this.script = script;
    this.#source = new Source(runner, script, "");
  }

  /** Runs it by its text. */
  eval(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byText(keys, args);
  }

  /** Runs it by its digest; the server has to know it. */
  evalsha(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byDigest(keys, args);
  }

  /** Runs it by its digest, or by its text where the server does not know it. */
  exec(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byEither(keys, args);
  }
}

/** A script that only reads. */
export class ScriptRO<T = unknown> {
  /** Its text. */
  readonly script: string;
  readonly #source: Source<T>;

  constructor(runner: ScriptRunner, script: string) {
    this.script = script;
    this.#source = new Source(runner, script, "_RO");
  }

  /** Runs it by its text. */
  evalRo(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byText(keys, args);
  }

  /** Runs it by its digest; the server has to know it. */
  evalshaRo(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byDigest(keys, args);
  }

  /** Runs it by its digest, or by its text where the server does not know it. */
  exec(keys: string[], args: unknown[]): Promise<T> {
    return this.#source.byEither(keys, args);
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

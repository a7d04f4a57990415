/** What this tab has asked of the writer and has no answer to yet. */
import { isReadOnly } from "../../remote/policy.js";
import { StoreError, type Reply } from "../../reply.js";
import { unwired, type Ask, type WireReply } from "./messages.js";

interface Pending {
  readonly id: number;
  readonly db: string;
  readonly ask: Ask;
  /** The epoch whose writer may have got it; 0 for none. */
  sentIn: number;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/** Questions that wait for their answers. */
export class Asks {
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  /** Those that wait. */
  get waiting(): readonly Pending[] {
    return [...this.#pending.values()];
  }

  /** Adds one; `send` is given it. */
  add(ask: Ask, db: string, send: (pending: Pending) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { id: this.#next++, db, ask, sentIn: 0, resolve, reject };
      this.#pending.set(pending.id, pending);
      send(pending);
    });
  }

  /** Takes an answer. The second one to the same question is ignored. */
  answer(id: number, reply: WireReply): void {
    const pending = this.#taken(id);
    if (!pending) return;
    try {
      pending.resolve(unwired(reply));
    } catch (error) {
      pending.reject(error);
    }
  }

  /** What was sent may have run where nobody here has seen it: only what does no harm twice is asked again. */
  loseFate(): void {
    for (const pending of this.waiting) {
      if (pending.sentIn > 0 && !isHarmlessTwice(pending.ask)) this.#lose(pending.id);
      pending.sentIn = 0;
    }
  }

  /** A new writer goes on from where this tab is: what has no answer has not run, but for an import, which takes its time. */
  keepFate(): void {
    for (const { id, ask, sentIn } of this.waiting) if (sentIn > 0 && ask.kind === "import") this.#lose(id);
  }

  /** Fails all of them. */
  fail(error: unknown): void {
    for (const { id } of this.waiting) this.#taken(id)?.reject(error);
  }

  #lose(id: number): void {
    this.#taken(id)?.reject(new StoreError("UNKNOWN_FATE", "the tab that writes has gone, and the command may have run"));
  }

  #taken(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function isHarmlessTwice(ask: Ask): boolean {
  if (ask.kind === "command") return isReadOnly(ask.words);
  if (ask.kind === "pipeline" || ask.kind === "transaction") return ask.commands.every(isReadOnly);
  return ask.kind === "flush";
}

/** Where the writer does what tabs ask of it. */
import type { Words } from "../../connection.js";
import { RedisError, StoreError, type Form, type Reply } from "../../reply.js";
import { textOf } from "../../values.js";
import { transact } from "../direct.js";
import type { Client, LiveStore } from "../live-store.js";
import type { Ask } from "./messages.js";

/** A question with where it comes from. */
export interface Asked {
  readonly from: string;
  readonly id: number;
  readonly db: string;
  readonly ask: Ask;
}

/** What a desk tells of. */
export interface DeskEvents {
  /** An answer, in the same step as its effects. */
  answered(asked: Asked, reply: Reply | StoreError): void;
  /** Parameters were set. */
  configured(settings: readonly (readonly [string, string])[]): void;
  /** All data were replaced. */
  renewed(): void;
  /** Resolves when a tab has gone. */
  gone(tab: string): Promise<void>;
}

/** Does what tabs ask, each in a session of its own. */
export class Desk {
  readonly #live: LiveStore;
  readonly #events: DeskEvents;
  readonly #clients = new Map<string, Client>();

  constructor(live: LiveStore, events: DeskEvents) {
    this.#live = live;
    this.#events = events;
  }

  /** Does it. */
  perform(asked: Asked): void {
    const done = (reply: Reply | StoreError): void => this.#events.answered(asked, reply);
    try {
      this.#begin(asked, done);
    } catch (error) {
      done(storeError(error));
      this.#live.drain();
    }
  }

  /** Forgets everybody, and what waits for them. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #begin({ from, db, ask }: Asked, done: (reply: Reply | StoreError) => void): void {
    switch (ask.kind) {
      case "flush":
        return this.#later(this.#live.flush().then(() => null), done);
      case "import":
        this.#later(this.#live.importFile(ask.file), done);
        return this.#events.renewed();
    }
    const client = this.#clientOf(from);
    client.db = db;
    if (ask.kind === "transaction") return done(transact(client, ask.commands, ask.form));
    if (ask.kind === "pipeline") return this.#pipeline(client, ask.commands, ask.form, done);
    client.start(ask.words, ask.form, (reply) => {
      this.#events.configured(settingsOf(ask.words, reply));
      done(reply);
    });
  }

  #pipeline(client: Client, commands: readonly Words[], form: Form, done: (replies: Reply[]) => void): void {
    const replies: Reply[] = commands.map(() => null);
    let left = commands.length;
    if (left === 0) done(replies);
    commands.forEach((words, at) =>
      client.start(words, form, (reply) => {
        replies[at] = reply;
        if (--left === 0) done(replies);
      }),
    );
  }

  #later(work: Promise<Reply>, done: (reply: Reply | StoreError) => void): void {
    void work
      .catch(storeError)
      .then(done)
      .then(() => this.#live.drain());
  }

  #clientOf(tab: string): Client {
    const known = this.#clients.get(tab);
    if (known) return known;
    const client = this.#live.client();
    this.#clients.set(tab, client);
    void this.#events.gone(tab).then(() => {
      if (this.#clients.get(tab) !== client) return;
      this.#clients.delete(tab);
      client.close();
    });
    return client;
  }
}

/** The parameters that a command has set. */
export function settingsOf(words: Words, reply: Reply): (readonly [string, string])[] {
  const [name = "", subcommand = "", ...pairs] = words;
  if (name.length !== 6 || reply instanceof RedisError) return [];
  if (textOf(name).toUpperCase() !== "CONFIG" || textOf(subcommand).toUpperCase() !== "SET") return [];
  const texts = pairs.map((word) => textOf(word));
  return texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? ""] as const] : []));
}

function storeError(error: unknown): StoreError {
  return error instanceof StoreError ? error : new StoreError("STORAGE", String(error), { cause: error });
}

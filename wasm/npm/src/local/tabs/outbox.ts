/** What the writer tells the other tabs: everything that happens, in its order. */
import type { Observer } from "../live-store.js";
import { markOf, type Answer, type Batch, type Place } from "./messages.js";

/** Collects what happens in one step, and tells it. */
export class Outbox implements Observer {
  readonly #tell: (batch: Batch) => void;
  #place: Place = { epoch: 0, sequence: 0 };
  #effects: Uint8Array[] = [];
  #messages: [string, string][] = [];
  #answers: Answer[] = [];
  #settings: (readonly [string, string])[] = [];
  #isNew = false;
  #isChanged = false;
  /** Whether there is anybody to be told. Whoever comes later gets a copy first. */
  isHeard = false;

  constructor(tell: (batch: Batch) => void) {
    this.#tell = tell;
  }

  /** How far it has told. */
  get place(): Place {
    return this.#place;
  }

  /** Begins an epoch, which nobody hears of yet. */
  begin(epoch: number): void {
    this.isHeard = false;
    this.#place = { epoch, sequence: 0 };
    this.#clear();
  }

  effects(bytes: Uint8Array): void {
    this.#isChanged = true;
    if (this.isHeard) this.#effects.push(bytes);
  }

  message(channel: string, message: string): void {
    this.#isChanged = true;
    this.#messages.push([channel, message]);
  }

  /** Adds the answer to what another tab has asked. */
  answer(answer: Answer): void {
    this.#isChanged = true;
    this.#answers.push(answer);
  }

  /** Adds parameters that were set. */
  set(settings: readonly (readonly [string, string])[]): void {
    this.#isChanged = true;
    this.#settings.push(...settings);
  }

  /** More has changed than the effects tell. */
  renew(): void {
    this.#isChanged = true;
    this.#isNew = true;
  }

  drained(): void {
    if (!this.#isChanged) return;
    const { epoch, sequence } = this.#place;
    this.#place = { epoch, sequence: sequence + 1 };
    if (this.isHeard) this.#tell(this.#batch());
    this.#clear();
  }

  mark(): Uint8Array {
    return markOf(this.#place);
  }

  #batch(): Batch {
    return {
      kind: "batch",
      place: this.#place,
      effects: this.#effects,
      messages: this.#messages,
      answers: this.#answers,
      settings: this.#settings,
      isNew: this.#isNew,
    };
  }

  #clear(): void {
    [this.#effects, this.#messages, this.#answers, this.#settings] = [[], [], [], []];
    this.#isNew = false;
    this.#isChanged = false;
  }
}

/** Tells listeners that something happened. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Listens from now on. */
  on(listener: (value: T) => void): void {
    this.#listeners.add(listener);
  }

  /** Tells everyone. */
  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}

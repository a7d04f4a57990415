/** Typed events, with one listener set per name. */

/** A listener for one event. */
export type Listener<T> = (event: T) => void;

/** Sends events to whoever listens. A listener's error never reaches the sender. */
export class Events<Map> {
  readonly #listeners: { [Name in keyof Map]?: Set<Listener<Map[Name]>> } = {};

  /** Listens; the result stops it. */
  on<Name extends keyof Map>(name: Name, listener: Listener<Map[Name]>): () => void {
    const listeners = (this.#listeners[name] ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Tells every listener. */
  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(event);
      } catch (error) {
        // Reported as uncaught, but not into the store's own work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

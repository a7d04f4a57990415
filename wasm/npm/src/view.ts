/**
 * A part of a store as user interfaces want it: a value that is there at once, stays the same until it changes, and
 * calls back when it has. Knows no framework.
 */
import type { Redis } from "./redis.js";
import type { SyncRedis } from "./sync.js";

/** What a view shows, and how it learns of changes. */
export interface Source<T> {
  /** Starts: `show` gives each new value. The result ends it. */
  start(show: (value: T) => void): () => void;
}

/** A value and those who look at it. It is followed while anybody does. */
export class View<T> {
  readonly #source: Source<T>;
  readonly #listeners = new Set<() => void>();
  readonly #watched: (isWatched: boolean) => void;
  #value: T | undefined;
  #end: (() => void) | undefined;

  /** `watched` is told when somebody begins to look, and when nobody does any more. */
  constructor(source: Source<T>, watched: (isWatched: boolean) => void = () => {}) {
    this.#source = source;
    this.#watched = watched;
  }

  /** Looks at it; the result ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (!this.#end) {
      this.#end = this.#source.start((value) => this.#show(value));
      this.#watched(true);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || !this.#end) return;
      this.#end();
      this.#end = undefined;
      this.#watched(false);
    };
  };

  /** The value: undefined until the store has answered for the first time. */
  readonly snapshot = (): T | undefined => this.#value;

  #show(value: T): void {
    if (Object.is(this.#value, value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}

/** What a synchronous view of the store reads of a key, anew whenever the key changes. */
export function keySource<T>(db: Redis, key: string, read: (now: SyncRedis) => T): Source<T> {
  return {
    start(show) {
      let isOver = false;
      let refresh = (): void => {};
      const watcher = db.watch(literal(key), () => refresh());
      void Promise.all([db.ready(), watcher.ready]).then(
        ([now]) => {
          refresh = () => {
            if (!isOver) show(read(now));
          };
          refresh();
        },
        // The store tells of itself by events and by whatever else is asked of it; there is nothing to show.
        () => {},
      );
      return () => {
        isOver = true;
        watcher.stop().catch(() => {});
      };
    },
  };
}

/** The last message of a channel. */
export function channelSource<T>(db: Redis, channel: string): Source<T> {
  return {
    start(show) {
      const subscriber = db.subscribe<T>(channel, show);
      return () => void subscriber.unsubscribe().catch(() => {});
    },
  };
}

/** A pattern that matches a key and no other. */
function literal(key: string): string {
  return key.replace(/[*?[\]^\\]/g, "\\$&");
}

/** The views that somebody looks at: what a server renders leaves nothing here. */
const viewsByStore = new WeakMap<Redis, Map<string, View<unknown>>>();

/** The view of this name of a store: everybody who asks while somebody looks at it shares one. */
export function viewOf<T>(db: Redis, name: readonly unknown[], source: () => Source<T>): View<T> {
  const views = viewsByStore.get(db) ?? new Map<string, View<unknown>>();
  viewsByStore.set(db, views);
  const id = JSON.stringify(name);
  const shared = views.get(id);
  // The name says what is read, and so of which type it is.
  if (shared) return shared as View<T>;
  const view = new View(source(), (isWatched) => {
    if (isWatched && !views.has(id)) views.set(id, view);
    else if (!isWatched && views.get(id) === view) views.delete(id);
  });
  return view;
}

/**
 * React hooks on a store in this process (`redstart/react`). What they give changes when the store does, is the same in
 * all components of a render, and is undefined on a server and until the store has answered for the first time.
 */
import { useSyncExternalStore } from "react";
import type { Redis } from "./redis.js";
import { channelSource, keySource, viewOf, type View } from "./view.js";

/** The value of a key; null where there is none. */
export function useKey<T = unknown>(db: Redis, key: string): T | null | undefined {
  return useView(viewOf(db, ["key", key], () => keySource(db, key, (now) => now.get<T>(key))));
}

/** All fields of a hash; null where there is none. */
export function useHash<T extends Record<string, unknown> = Record<string, unknown>>(db: Redis, key: string): T | null | undefined {
  return useView(viewOf(db, ["hash", key], () => keySource(db, key, (now) => now.hgetall<T>(key))));
}

/** Members of a sorted set, by rank. */
export function useZRange<T = string>(
  db: Redis,
  key: string,
  start: number,
  stop: number,
  options: { rev?: boolean; withScores?: boolean } = {},
): T[] | undefined {
  const name = ["zrange", key, start, stop, options.rev ?? false, options.withScores ?? false];
  return useView(viewOf(db, name, () => keySource(db, key, (now) => now.zrange<T[]>(key, start, stop, options))));
}

/** The last message of a channel. */
export function useSubscription<T = unknown>(db: Redis, channel: string): T | undefined {
  return useView(viewOf(db, ["channel", channel], () => channelSource<T>(db, channel)));
}

function useView<T>(view: View<T>): T | undefined {
  return useSyncExternalStore(view.subscribe, view.snapshot, nothing);
}

/** What a server renders: always the same, or React would not recognise it. */
function nothing(): undefined {
  return undefined;
}

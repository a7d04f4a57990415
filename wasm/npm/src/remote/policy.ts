/** How a client behaves towards a network that fails: one set of names for WebSocket and REST. */
import { readOnlyCommands } from "../commands.gen.js";
import type { Words } from "../connection.js";
import { textOf } from "../values.js";

/** Times are in milliseconds. */
export interface Policy {
  /** How long a connection may take to open. Default 10000. */
  connectTimeout: number;
  /** How long an answer may take; blocking commands are exempt. Default 30000. */
  requestTimeout: number;
  /** How often a request or a connection is tried again. Default 10. */
  retries: number;
  /** The pause before a further try: doubled each time from `min` to `max`, and shortened at random with `jitter`. */
  retryDelay: { min: number; max: number; jitter: boolean };
  /** The pause by the number of tries so far, instead of `retryDelay`. */
  backoff?: (retryCount: number) => number;
  /** The limit over all tries of one request or connection. Default 120000. */
  retryDeadline: number;
  /** How often an idle WebSocket is probed; 0 for never. Default 30000. */
  heartbeat: number;
  /** How many requests wait while there is no connection, and what happens to one too many. */
  offlineQueue: { max: number; policy: "reject-new" | "drop-oldest" };
  /** Aborts requests over REST. */
  signal?: AbortSignal | (() => AbortSignal);
  /** Whether requests may outlive the page that sent them. They go over REST then, for a socket ends with its page. Default false. */
  keepAlive: boolean;
}

/** What a policy is where nothing else is said. */
export const DEFAULT_POLICY: Policy = {
  connectTimeout: 10_000,
  requestTimeout: 30_000,
  retries: 10,
  retryDelay: { min: 100, max: 10_000, jitter: true },
  retryDeadline: 120_000,
  heartbeat: 30_000,
  offlineQueue: { max: 1000, policy: "reject-new" },
  keepAlive: false,
};

/** How the connection to a gateway is doing. */
export type ConnectionState =
  | { state: "connecting" | "open" }
  | { state: "closed"; code?: number; reason?: string }
  | { state: "reconnecting"; attempt: number; delay: number }
  | { state: "gaveUp"; error: Error };

/** The pause before try number `attempt`, counted from 1. The first is at once. */
export function delayOf({ retryDelay: { min, max, jitter }, backoff }: Policy, attempt: number): number {
  if (backoff) return backoff(attempt);
  if (attempt <= 1) return 0;
  const full = Math.min(min * 2 ** (attempt - 2), max);
  return jitter ? Math.random() * full : full;
}

/** Whether running a command twice does no harm. */
export function isReadOnly(words: Words): boolean {
  return readOnlyCommands.has(textOf(words[0] ?? "").toUpperCase());
}

/** How the names of commands that wait begin: b, w, x. */
const WAITING = new Set([0x42, 0x57, 0x58, 0x62, 0x77, 0x78]);

/** Whether a command may wait on purpose, so that no time limit of ours applies. */
export function mayWait(words: Words): boolean {
  const [name = ""] = words;
  // Most commands begin with another letter, and are asked about by everybody.
  const first = typeof name === "string" ? name.charCodeAt(0) : name[0];
  return WAITING.has(first ?? 0) && /^(B[LRZ]|WAIT|XREAD)/i.test(textOf(name));
}

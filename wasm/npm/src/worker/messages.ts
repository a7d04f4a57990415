/** What a page and the worker with its store tell each other. */
import type { Subscriptions, Words } from "../connection.js";
import type { WireReply } from "../local/tabs/messages.js";
import type { LocalOptions, RedisEvents } from "../redis.js";
import type { Form } from "../reply.js";

/** The options of a store in a worker: those of a store in the page that can be sent. */
export type SentOptions = Omit<LocalOptions, "persist" | "wasm" | "debug"> & { persist?: "indexeddb" | "memory" };

/** What a page asks. */
export type Call =
  | { readonly kind: "execute"; readonly words: Words; readonly form: Form }
  | { readonly kind: "pipeline" | "transaction"; readonly commands: readonly Words[]; readonly form: Form }
  | { readonly kind: "subscribe"; readonly names: Subscriptions }
  | { readonly kind: "unsubscribe"; readonly of: number; readonly names: readonly string[] | undefined }
  | { readonly kind: "import"; readonly file: Uint8Array }
  | { readonly kind: "export" | "flush" | "close" };

/** From the page. */
export type PageMessage =
  /** The first message: which store. Whoever gets the lock of this name knows that the page has gone. */
  | { readonly kind: "open"; readonly options: SentOptions; readonly presence: string; readonly wasm: WebAssembly.Module | undefined }
  | { readonly kind: "call"; readonly id: number; readonly call: Call };

/** From the worker. */
export type WorkerMessage =
  | { readonly kind: "answer"; readonly id: number; readonly reply: WireReply }
  | { readonly kind: "failed"; readonly id: number; readonly message: string }
  | { readonly kind: "event"; readonly name: keyof RedisEvents; readonly event: RedisEvents[keyof RedisEvents] }
  /** Something for the subscription that this call began. */
  | { readonly kind: "message"; readonly of: number; readonly channel: string; readonly message: string; readonly pattern: string | undefined }
  | { readonly kind: "confirmed"; readonly of: number; readonly event: "subscribe" | "unsubscribe"; readonly name: string; readonly count: number }
  | { readonly kind: "missed" | "lost"; readonly of: number; readonly message: string };

/** One end of a channel: a port, a worker, or the inside of one. */
export interface Port {
  /** Sends a message to the other end. */
  postMessage(message: unknown): void;
  /** Called with each message of the other end. */
  onmessage: ((event: MessageEvent) => unknown) | null;
}

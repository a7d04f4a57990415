/** What tabs that share a store tell each other. */
import { RedisError, StoreError, type Form, type Reply, type StoreErrorCode } from "../../reply.js";
import type { Words } from "../../connection.js";

/**
 * A place in the order of everything that happens to a store: the writer's epoch, and a count of what it has told.
 * Copies at the same place are equal.
 */
export interface Place {
  readonly epoch: number;
  readonly sequence: number;
}

/** Whether a place is behind another one. Whoever has no copy is behind everybody. */
export function isBehind(place: Place | undefined, other: Place | undefined): boolean {
  if (!place || !other) return !place && other !== undefined;
  return place.epoch < other.epoch || (place.epoch === other.epoch && place.sequence < other.sequence);
}

/** What a tab asks of the writer. */
export type Ask =
  | { readonly kind: "command"; readonly words: Words; readonly form: Form }
  | { readonly kind: "pipeline"; readonly commands: readonly Words[]; readonly form: Form }
  | { readonly kind: "transaction"; readonly commands: readonly Words[]; readonly form: Form }
  | { readonly kind: "import"; readonly file: Uint8Array }
  | { readonly kind: "flush" };

/** The answer to what a tab has asked. */
export interface Answer {
  readonly to: string;
  readonly id: number;
  readonly reply: WireReply;
}

/**
 * What happened between two places. Answers stand beside the effects that they tell of: a tab that has seen the one has
 * seen the other, so that after the writer's end everybody knows of each request whether it has run.
 */
export interface Batch {
  readonly kind: "batch";
  readonly place: Place;
  readonly effects: readonly Uint8Array[];
  readonly messages: readonly (readonly [channel: string, message: string])[];
  readonly answers: readonly Answer[];
  /** Parameters that were set. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Whether more has changed than the effects tell, so that copies have to be made anew. */
  readonly isNew: boolean;
}

/** A message between tabs. */
export type TabMessage =
  /** A tab wants a copy: the writer's, or a certain tab's. */
  | { readonly kind: "hello"; readonly from: string; readonly of?: string }
  /** A piece of a copy. */
  | {
      readonly kind: "copy";
      readonly place: Place;
      readonly pieces: readonly Uint8Array[];
      readonly settings: readonly (readonly [name: string, value: string])[];
    }
  | Batch
  /** A tab asks something of the writer of this epoch. `db` is the database that it works in. */
  | { readonly kind: "ask"; readonly from: string; readonly epoch: number; readonly id: number; readonly db: string; readonly ask: Ask }
  /** A tab that is to be the next writer, with this epoch, asks how far everybody has come. */
  | { readonly kind: "who"; readonly from: string; readonly epoch: number }
  /** How far a tab has come. It takes nothing from earlier epochs any more. */
  | { readonly kind: "here"; readonly from: string; readonly epoch: number; readonly place: Place | undefined }
  /** There is a new writer, which goes on behind this place. */
  | { readonly kind: "lead"; readonly from: string; readonly epoch: number; readonly base: Place | undefined }
  /** Is the writer there? It is. */
  | { readonly kind: "ping"; readonly from: string }
  | { readonly kind: "pong" };

/** An answer that survives being sent. */
export type WireReply =
  | null
  | number
  | string
  | Uint8Array
  | readonly WireReply[]
  | { readonly error: string; readonly code: string; readonly temporary: boolean }
  | { readonly failure: string; readonly code: StoreErrorCode };

/** An answer to be sent. */
export function wired(reply: Reply | StoreError): WireReply {
  if (reply instanceof RedisError) return { error: reply.message, code: reply.code, temporary: reply.temporary };
  if (reply instanceof StoreError) return { failure: reply.message, code: reply.code };
  return Array.isArray(reply) ? reply.map(wired) : reply;
}

/** An answer that was sent; a failure of the store is thrown. */
export function unwired(wire: WireReply): Reply {
  if (wire === null || typeof wire !== "object" || wire instanceof Uint8Array) return wire;
  if ("error" in wire) return new RedisError(wire.error, { code: wire.code, temporary: wire.temporary });
  if ("failure" in wire) throw new StoreError(wire.code, wire.failure);
  return wire.map(unwired);
}

const PREFIX = "redstart:";

/**
 * The place as a command that changes nothing: it stands at the end of everything that is written, so that whoever
 * reads what is stored knows up to where it goes.
 */
export function markOf({ epoch, sequence }: Place): Uint8Array {
  const word = `${PREFIX}${epoch}:${sequence}`;
  return new TextEncoder().encode(`*2\r\n$4\r\nPING\r\n$${word.length}\r\n${word}\r\n`);
}

const LONGEST_MARK = 80;

/** The place at the end of what is stored. */
export function placeOf(pieces: readonly Uint8Array[]): Place | undefined {
  let tail = "";
  for (let at = pieces.length - 1; at >= 0 && tail.length < LONGEST_MARK; at--) {
    tail = String.fromCharCode(...(pieces[at] ?? new Uint8Array()).subarray(-LONGEST_MARK)) + tail;
  }
  const found = /\r\nPING\r\n\$\d+\r\nredstart:(\d+):(\d+)\r\n$/.exec(tail);
  return found ? { epoch: Number(found[1]), sequence: Number(found[2]) } : undefined;
}

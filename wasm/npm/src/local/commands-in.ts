/** The commands in the bytes of an append-only file. */
import { StoreError } from "../reply.js";

const [HASH, STAR, DOLLAR, LF] = [0x23, 0x2a, 0x24, 0x0a];

/**
 * The bytes of the whole commands, without lines that begin with `#`, and where the last of them ends. What stands between
 * MULTI and EXEC counts as one. Throws when something else stands there.
 */
export function wholeCommands(bytes: Uint8Array): { pieces: Uint8Array[]; end: number } {
  const pieces: Uint8Array[] = [];
  const take = (from: number, to: number): void => {
    if (from < to) pieces.push(bytes.subarray(from, to));
  };
  let [at, from, end] = [0, 0, 0];
  let isTogether = false;
  while (at < bytes.length) {
    if (bytes[at] === HASH) {
      const line = bytes.indexOf(LF, at);
      if (line < 0 || isTogether) break;
      take(from, end);
      at = from = end = line + 1;
      continue;
    }
    const next = endOfCommand(bytes, at);
    if (next === undefined) break;
    const name = nameOf(bytes, at);
    isTogether = name === "MULTI" || (isTogether && name !== "EXEC");
    at = next;
    if (!isTogether) end = at;
  }
  take(from, end);
  return { pieces, end };
}

/** Where the command that begins here ends; undefined when it is cut short. */
function endOfCommand(bytes: Uint8Array, start: number): number | undefined {
  const words = numberAt(bytes, start, STAR);
  if (!words) return undefined;
  let at = words.end;
  for (let word = 0; word < words.value; word++) {
    if (at >= bytes.length) return undefined;
    const length = numberAt(bytes, at, DOLLAR);
    if (!length) return undefined;
    at = length.end + length.value + 2;
  }
  return at <= bytes.length ? at : undefined;
}

function numberAt(bytes: Uint8Array, at: number, sign: number | undefined): { value: number; end: number } | undefined {
  if (bytes[at] !== sign) throw new StoreError("CORRUPT", `there is no command at byte ${at}`);
  const line = bytes.indexOf(LF, at);
  if (line < 0) return undefined;
  const value = Number(String.fromCharCode(...bytes.subarray(at + 1, Math.min(line - 1, at + 24))));
  if (!Number.isSafeInteger(value) || value < 0) throw new StoreError("CORRUPT", `there is no length at byte ${at}`);
  return { value, end: line + 1 };
}

/** The first word of the command that begins here, if it is short. */
function nameOf(bytes: Uint8Array, at: number): string {
  return /^\*1\r\n\$\d\r\n(\w+)\r\n/.exec(String.fromCharCode(...bytes.subarray(at, at + 20)))?.[1]?.toUpperCase() ?? "";
}

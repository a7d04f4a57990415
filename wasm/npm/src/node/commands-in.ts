/** The commands in the bytes of an append-only file. */
import { StoreError } from "../reply.js";

const [STAR, DOLLAR, LF] = [0x2a, 0x24, 0x0a];

/** Where the command that begins here ends; undefined when it is cut short. */
export function endOfCommand(bytes: Uint8Array, start: number): number | undefined {
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
export function nameOf(bytes: Uint8Array, at: number): string {
  return /^\*1\r\n\$\d\r\n(\w+)\r\n/.exec(String.fromCharCode(...bytes.subarray(at, at + 20)))?.[1]?.toUpperCase() ?? "";
}

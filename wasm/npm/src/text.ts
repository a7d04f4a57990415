/** Text from UTF-8 bytes. Short ASCII, which most values are, is put together here: calling a decoder costs more. */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Up to this length the loop is faster than the decoder, measured in Chromium. */
const SHORT_BYTES = 128;

/** The text of `length` bytes from `start`. */
export function textFrom(bytes: Uint8Array, start: number, length: number): string {
  const short = length <= SHORT_BYTES ? asciiFrom(bytes, start, start + length) : undefined;
  return short ?? decoder.decode(bytes.subarray(start, start + length));
}

/** Sixteen characters per step, or undefined when one of them is not ASCII. */
function asciiFrom(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    const d = bytes[at + 3] ?? 0;
    const e = bytes[at + 4] ?? 0;
    const f = bytes[at + 5] ?? 0;
    const g = bytes[at + 6] ?? 0;
    const h = bytes[at + 7] ?? 0;
    const i = bytes[at + 8] ?? 0;
    const j = bytes[at + 9] ?? 0;
    const k = bytes[at + 10] ?? 0;
    const l = bytes[at + 11] ?? 0;
    const m = bytes[at + 12] ?? 0;
    const n = bytes[at + 13] ?? 0;
    const o = bytes[at + 14] ?? 0;
    const p = bytes[at + 15] ?? 0;
    if ((a | b | c | d | e | f | g | h | i | j | k | l | m | n | o | p) > 127) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 127) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

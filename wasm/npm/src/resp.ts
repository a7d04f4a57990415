/**
 * Reads RESP bytes into {@link Reply} values. RESP3's maps become flat lists, its floats texts: the shapes of RESP2.
 * In the form `json`, what bulk strings say stands in their places.
 */
import { RedisError, type Form, type Reply } from "./reply.js";
import { textFrom } from "./text.js";
import { parseBy } from "./values.js";

const CR = 13;
const MINUS = 45;

/** A reader over one complete answer, or several in a row. */
export class RespReader {
  #bytes: Uint8Array;
  #at: number;
  #form: Form;

  constructor(bytes: Uint8Array, at = 0, form: Form = "text") {
    this.#bytes = bytes;
    this.#at = at;
    this.#form = form;
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at;
  }

  /** Starts over at another place, so that one reader serves many answers. */
  reset(bytes: Uint8Array, at: number, form: Form): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#form = form;
  }

  /** The next value. */
  read(): Reply {
    const mark = this.#bytes[this.#at++];
    switch (mark) {
      case 0x24: // $
        return this.#bulk();
      case 0x3a: // :
        return this.#integer();
      case 0x2b: // +
      case 0x2c: // ,
      case 0x28: // (
        return this.#line();
      case 0x2d: // -
        return new RedisError(this.#line());
      case 0x5f: // _
        this.#line();
        return null;
      case 0x23: // #
        return this.#line() === "t" ? 1 : 0;
      case 0x2a: // *
      case 0x7e: // ~
      case 0x3e: // >
        return this.#list(1);
      case 0x25: // %
        return this.#list(2);
      case 0x3d: // =
        return this.#verbatim();
      default:
        throw new TypeError(`no RESP value begins with byte ${mark} at ${this.#at - 1}`);
    }
  }

  #bulk(): Reply {
    const length = this.#length();
    if (length < 0) return null;
    const start = this.#at;
    this.#at = start + length + 2;
    if (this.#form === "bytes") return this.#bytes.slice(start, start + length);
    const text = textFrom(this.#bytes, start, length);
    // Whoever asks for this form takes whatever a value is.
    return this.#form === "json" && length > 0 ? (parseBy(this.#bytes[start] ?? 0, text) as Reply) : text;
  }

  #verbatim(): Reply {
    const value = this.#bulk();
    return value instanceof Uint8Array ? value.subarray(4) : String(value).slice(4);
  }

  #list(width: number): Reply {
    const length = this.#length() * width;
    if (length < 0) return null;
    const list: Reply[] = [];
    for (let n = 0; n < length; n++) list.push(this.read());
    return list;
  }

  /** An integer; a text when a number cannot hold it exactly. */
  #integer(): number | string {
    const start = this.#at;
    const value = this.#length();
    return Number.isSafeInteger(value) ? value : textFrom(this.#bytes, start, this.#at - 2 - start);
  }

  #length(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    let value = 0;
    for (let digit = bytes[at]; digit !== undefined && digit !== CR; digit = bytes[++at]) value = value * 10 + digit - 48;
    this.#at = at + 2;
    return negative ? -value : value;
  }

  #line(): string {
    const end = this.#bytes.indexOf(CR, this.#at);
    const text = textFrom(this.#bytes, this.#at, end - this.#at);
    this.#at = end + 2;
    return text;
  }
}

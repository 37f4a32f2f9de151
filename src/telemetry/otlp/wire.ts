import { malformed, tooLarge } from "./context.ts";

const TWO_32 = 4_294_967_296;

/** Nanoseconds as two 32-bit halves to epoch milliseconds: whole milliseconds exactly, the rest rounded once. */
export function nanosToMs(high: number, low: number): number {
  // 2^32 ns are 4294 ms and 967296 ns; every product here stays below 2^53.
  const rest = high * 967_296 + low;
  const wholeMs = Math.floor(rest / 1e6);
  return high * 4294 + wholeMs + (rest - wholeMs * 1e6) / 1e6;
}

/**
 * Reads the protobuf wire format. Invariant: a message that is opened with `message()` is closed with `close(end)`,
 * which fails unless it was read to its exact end; so no lie in a length reaches beyond its parent unnoticed.
 */
export class WireReader {
  readonly bytes: Buffer;
  readonly end: number;
  pos = 0;
  readonly #view: DataView;
  readonly #messagesMax: number;
  #messages = 0;

  constructor(bytes: Buffer, messagesMax: number) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#messagesMax = messagesMax;
  }

  /** A varint of which the low 32 bits matter: tags, lengths, enums, booleans. */
  uint32(): number {
    const bytes = this.bytes;
    let byte = bytes[this.pos++] ?? 0;
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[this.pos++] ?? 0;
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw malformed("a varint is longer than ten bytes");
  }

  /** Zigzag-coded 32-bit integer. */
  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A 64-bit varint; beyond 2^53 rounded to the nearest double. */
  varint64(isSigned: boolean): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = this.bytes[this.pos++] ?? 0;
      const bits = byte & 127;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 128) return (isSigned ? high : high >>> 0) * TWO_32 + (low >>> 0);
    }
    throw malformed("a varint is longer than ten bytes");
  }

  #fixed(bytes: number): number {
    const start = this.pos;
    this.pos += bytes;
    if (this.pos > this.end) throw malformed("the body ends inside a number");
    return start;
  }

  /** Fixed 64-bit nanoseconds as epoch milliseconds. */
  timeMs(): number {
    const start = this.#fixed(8);
    return nanosToMs(this.#view.getUint32(start + 4, true), this.#view.getUint32(start, true));
  }

  fixed64(): number {
    const start = this.#fixed(8);
    return this.#view.getUint32(start + 4, true) * TWO_32 + this.#view.getUint32(start, true);
  }

  sfixed64(): number {
    const start = this.#fixed(8);
    return this.#view.getInt32(start + 4, true) * TWO_32 + this.#view.getUint32(start, true);
  }

  double(): number {
    return this.#view.getFloat64(this.#fixed(8), true);
  }

  /** The end of a length-delimited field that starts here. */
  delimited(): number {
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.end) throw malformed("a length reaches beyond the body");
    return end;
  }

  /** Opens a nested message and returns its end. */
  message(): number {
    this.#messages += 1;
    if (this.#messages > this.#messagesMax) throw tooLarge(`over ${this.#messagesMax} messages`);
    return this.delimited();
  }

  close(end: number): void {
    if (this.pos !== end) throw malformed("a field reaches beyond its message");
  }

  /** Bytes as lower-case hex; "" for a length other than `length` or all zeros, which are not ids. */
  id(length: number): string {
    const start = this.pos;
    const end = this.delimited();
    const first = this.pos;
    this.pos = end;
    if (end - first !== length || end === start) return "";
    let some = 0;
    for (let index = first; index < end; index++) some |= this.bytes[index] ?? 0;
    return some === 0 ? "" : this.bytes.toString("hex", first, end);
  }

  /** Passes over a field of any type. Groups are not part of proto3. */
  skip(tag: number): void {
    if (tag < 8) throw malformed("a field has the number 0");
    switch (tag & 7) {
      case 0:
        this.varint64(false);
        return;
      case 1:
        this.#fixed(8);
        return;
      case 2:
        this.pos = this.delimited();
        return;
      case 5:
        this.#fixed(4);
        return;
      default:
        throw malformed("unknown wire type");
    }
  }
}

import { assert } from "../../assert.ts";

/** Reads what `ByteWriter` wrote. Throws when there is less than is asked for: the bytes are then of another kind. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder();
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A plain array: a Buffer's `slice` would not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #take(bytes: number): number {
    const from = this.#at;
    assert(bytes <= this.#bytes.length - from, "a record holds what it says it holds");
    this.#at = from + bytes;
    return from;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 8; length += 1) {
      const byte = this.u8();
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new RangeError("a number in a record is too long");
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  text(): string {
    const length = this.uint();
    const from = this.#take(length);
    return this.#decoder.decode(this.#bytes.subarray(from, from + length));
  }

  /** The bytes of a column whose items have `width` bytes, in memory of their own. */
  #column(width: number): ArrayBuffer {
    const bytes = this.uint() * width;
    const from = this.#take(bytes);
    return this.#bytes.slice(from, from + bytes).buffer as ArrayBuffer;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#column(1));
  }

  int16s(): Int16Array {
    return new Int16Array(this.#column(2));
  }

  uint16s(): Uint16Array {
    return new Uint16Array(this.#column(2));
  }

  uint32s(): Uint32Array {
    return new Uint32Array(this.#column(4));
  }

  float32s(): Float32Array {
    return new Float32Array(this.#column(4));
  }

  float64s(): Float64Array {
    return new Float64Array(this.#column(8));
  }
}

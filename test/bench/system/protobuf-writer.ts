/** Writes the protobuf wire format: as much of it as export requests need. */
export class ProtobufWriter {
  #bytes = Buffer.alloc(65_536);
  #length = 0;

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#length + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }

  #uint(value: number): void {
    this.#room(10);
    if (value >= 0 && value < 128) {
      this.#bytes[this.#length] = value;
      this.#length += 1;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.#length] = Number(rest & 127n) | 128;
      this.#length += 1;
      rest >>= 7n;
    }
    this.#bytes[this.#length] = Number(rest);
    this.#length += 1;
  }

  varint(field: number, value: number): void {
    this.#uint(field * 8);
    this.#uint(value);
  }

  fixed64(field: number, value: bigint): void {
    this.#uint(field * 8 + 1);
    this.#room(8);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  double(field: number, value: number): void {
    this.#uint(field * 8 + 1);
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  raw(field: number, bytes: Buffer): void {
    this.#uint(field * 8 + 2);
    this.#uint(bytes.length);
    this.#room(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  text(field: number, text: string): void {
    this.raw(field, Buffer.from(text));
  }

  hex(field: number, hex: string): void {
    this.raw(field, Buffer.from(hex, "hex"));
  }

  packedDoubles(field: number, values: readonly number[]): void {
    const bytes = Buffer.alloc(values.length * 8);
    values.forEach((value, at) => {
      bytes.writeDoubleLE(value, at * 8);
    });
    this.raw(field, bytes);
  }

  packedFixed64(field: number, values: readonly number[]): void {
    const bytes = Buffer.alloc(values.length * 8);
    values.forEach((value, at) => {
      bytes.writeBigUInt64LE(BigInt(value), at * 8);
    });
    this.raw(field, bytes);
  }

  /** What `write` writes, as a nested message: moved up by the length that is known only then. */
  message(field: number, write: () => void): void {
    this.#uint(field * 8 + 2);
    const from = this.#length;
    write();
    const bytes = this.#length - from;
    this.#uint(bytes);
    const head = Buffer.from(this.#bytes.subarray(from + bytes, this.#length));
    this.#bytes.copyWithin(from + head.length, from, from + bytes);
    head.copy(this.#bytes, from);
  }

  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}

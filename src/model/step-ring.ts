/** Steps in one chunk: a series that lives for an hour needs no room for a day. */
const CHUNK = 60;
const LANES = 2;
const POINTER_BYTES = 16;
/** The numbers of a chunk, and what an array costs beside them. */
const CHUNK_BYTES = CHUNK * LANES * Uint16Array.BYTES_PER_ELEMENT + 100;

/** A value as 16 bits: sign, exponent and nine bits of mantissa, off by at most 0.1 %. 0: nothing was seen. */
const MISSING = 0;
const ZERO = 1;
const FIRST = 2;
const SIGN = 32_768;
const MANTISSA = 512;
/** Magnitudes from 2^-20 (1e-6), below which all is zero, to 2^43 (8.8e12), above which none is told. */
const EXPONENT_MIN = -20;
const CODES = 63 * MANTISSA;

export function packValue(value: number): number {
  if (Number.isNaN(value)) return MISSING;
  const size = Math.abs(value);
  if (size < 2 ** EXPONENT_MIN) return ZERO;
  const exponent = Math.min(50, Math.floor(Math.log2(size)));
  const code =
    (exponent - EXPONENT_MIN) * MANTISSA + Math.round((size / 2 ** exponent - 1) * MANTISSA);
  return (value < 0 ? SIGN : 0) + FIRST + Math.min(CODES - 1, code);
}

/** The shortest of the decimals that are packed as this: 0.1 stays 0.1. */
export function unpackValue(packed: number): number {
  if (packed === MISSING) return Number.NaN;
  if (packed % SIGN === ZERO) return 0;
  const code = (packed % SIGN) - FIRST;
  const size =
    2 ** (Math.floor(code / MANTISSA) + EXPONENT_MIN) * (1 + (code % MANTISSA) / MANTISSA);
  const value = packed >= SIGN ? -size : size;
  if (Number.isInteger(value) && size <= MANTISSA) return value;
  const short = Number(value.toPrecision(3));
  return packValue(short) === packed ? short : Number(value.toPrecision(4));
}

/** Mean and maximum of each step, for as many steps as are kept; room is taken as it is needed. */
export class StepRing {
  readonly #chunks: (Uint16Array | undefined)[];
  /** Which chunk of all time each holds. */
  readonly #numbers: Float64Array;
  #made = 0;

  constructor(kept: number) {
    // One more, so that the oldest step kept is not overwritten by the newest.
    const chunks = Math.ceil(kept / CHUNK) + 1;
    this.#chunks = new Array<Uint16Array | undefined>(chunks).fill(undefined);
    this.#numbers = new Float64Array(chunks).fill(Number.NaN);
  }

  put(step: number, mean: number, max: number): void {
    const number = Math.floor(step / CHUNK);
    const slot = number % this.#chunks.length;
    if ((this.#numbers[slot] ?? 0) > number) return;
    let chunk = this.#chunks[slot];
    if (chunk === undefined) {
      chunk = new Uint16Array(CHUNK * LANES);
      this.#chunks[slot] = chunk;
      this.#made += 1;
    } else if (this.#numbers[slot] !== number) chunk.fill(MISSING);
    this.#numbers[slot] = number;
    const at = (step % CHUNK) * LANES;
    chunk[at] = packValue(mean);
    chunk[at + 1] = packValue(max);
  }

  #at(step: number, lane: number): number {
    const number = Math.floor(step / CHUNK);
    const slot = number % this.#chunks.length;
    if (this.#numbers[slot] !== number) return Number.NaN;
    return unpackValue(this.#chunks[slot]?.[(step % CHUNK) * LANES + lane] ?? MISSING);
  }

  mean(step: number): number {
    return this.#at(step, 0);
  }

  max(step: number): number {
    return this.#at(step, 1);
  }

  get bytes(): number {
    return this.#chunks.length * POINTER_BYTES + this.#made * CHUNK_BYTES;
  }
}

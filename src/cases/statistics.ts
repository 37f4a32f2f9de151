/** A mean of shares with its Wilson 95 % interval. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const Z = 1.959963984540054;

/** Wilson score interval; `share` may be a mean of fractions. */
function wilson(share: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1];
  const z2 = Z * Z;
  const scale = 1 + z2 / count;
  const middle = (share + z2 / (2 * count)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Undefined when empty. */
export function meanOf(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function shareOf(values: readonly number[]): Share | null {
  const value = meanOf(values);
  if (value === undefined) return null;
  const [low, high] = wilson(value, values.length);
  return { value, low, high };
}

/** By linear interpolation; undefined when empty. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)];
  if (low === undefined) return undefined;
  const high = sorted[Math.min(Math.floor(at) + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** A stated probability and whether it came true. */
export interface Stated {
  readonly p: number;
  readonly isTrue: number;
}

export interface Calibration {
  readonly n: number;
  readonly brier: number | null;
  /** Expected calibration error over ten equal bins. */
  readonly ece: number | null;
}

export function calibrationOf(stated: readonly Stated[]): Calibration {
  if (stated.length === 0) return { n: 0, brier: null, ece: null };
  const bins = Array.from({ length: 10 }, (): Stated[] => []);
  for (const one of stated) bins[Math.min(9, Math.floor(one.p * 10 + 1e-12))]?.push(one);
  const off = bins.map((bin) => {
    const said = meanOf(bin.map(({ p }) => p)) ?? 0;
    const was = meanOf(bin.map(({ isTrue }) => isTrue)) ?? 0;
    return Math.abs(said - was) * bin.length;
  });
  return {
    n: stated.length,
    brier: meanOf(stated.map(({ p, isTrue }) => (p - isTrue) ** 2)) ?? null,
    ece: off.reduce((sum, one) => sum + one, 0) / stated.length,
  };
}

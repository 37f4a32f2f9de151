export function axisTicks(low: number, high: number): readonly number[];
export function compactNumber(value: number): string;
export function pieSlices(
  values: readonly number[],
  circle: { readonly x: number; readonly y: number; readonly radius: number },
): readonly string[];

/** Infinity is no JSON: `null` stands for "until further notice". */
export type Saved<Row> = {
  readonly [Key in keyof Row]: Row[Key] extends number ? number | null : Row[Key];
};

export const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
export const orEndless = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;

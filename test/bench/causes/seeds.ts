/** Seeds of incidents that weights are trained on, and those that nothing was ever developed on: they never meet. */
export const SEEDS = { train: 1, "hold-out": 700_001 } as const;

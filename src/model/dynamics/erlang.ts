/** Utilisation above which a steady state is no longer meaningful: queues grow. */
export const SATURATION = 0.97;

/** Probability that an arrival must wait in M/M/c (Erlang-C). `offered` is arrival rate × service time, in slots. */
export function erlangC(slots: number, offered: number): number {
  if (offered <= 0) return 0;
  if (offered >= slots) return 1;
  // Erlang-B by its recurrence, stable for any number of slots.
  let blocking = 1;
  for (let k = 1; k <= slots; k += 1) blocking = (offered * blocking) / (k + offered * blocking);
  const rho = offered / slots;
  return blocking / (1 - rho + rho * blocking);
}

export interface QueueInput {
  /** Parallel places of one replica (rounded, at least 1). */
  readonly slots: number;
  /** Arrivals a second at one replica. */
  readonly rate: number;
  readonly serviceMs: number;
}

/** Mean wait before service, milliseconds. Utilisation is capped at `SATURATION`: callers must give a verdict there. */
export function meanWaitMs({ slots, rate, serviceMs }: QueueInput): number {
  const places = Math.max(1, Math.round(slots));
  const offered = Math.min((rate * serviceMs) / 1000, places * SATURATION);
  if (offered <= 0) return 0;
  return (erlangC(places, offered) * serviceMs) / (places - offered);
}

export function utilisation({ slots, rate, serviceMs }: QueueInput): number {
  return (rate * serviceMs) / 1000 / Math.max(1, slots);
}

/** The service time without waiting that gives this mean time in the station. Bisection: the sum grows with it. */
export function serviceTimeMs(input: { slots: number; rate: number; observedMs: number }): number {
  let low = 0;
  let high = input.observedMs;
  for (let step = 0; step < 40; step += 1) {
    const serviceMs = (low + high) / 2;
    const total = serviceMs + meanWaitMs({ slots: input.slots, rate: input.rate, serviceMs });
    if (total > input.observedMs) high = serviceMs;
    else low = serviceMs;
  }
  return (low + high) / 2;
}

/**
 * Mean wait over service time in a queue with `cores` places of which a share `rho` is in use; for processor sharing it is
 * the same number, whatever the law of service times. Places need not be whole: between two whole numbers it is
 * interpolated, below one place it is as with one. Capped at `SATURATION`.
 */
export function queueFactor(cores: number, rho: number): number {
  if (!(rho > 0)) return 0;
  const busy = Math.min(rho, SATURATION);
  const low = Math.max(1, Math.floor(cores));
  const at = wholeQueueFactor(low, busy);
  const part = cores - low;
  return part <= 0 ? at : at + part * (wholeQueueFactor(low + 1, busy) - at);
}

function wholeQueueFactor(places: number, rho: number): number {
  return erlangC(places, places * rho) / (places * (1 - rho));
}

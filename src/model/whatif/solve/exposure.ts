import { firstAttemptOf } from "../trace-program.ts";
import type { Prepared } from "./prepared.ts";
import type { Solution } from "./solve.ts";
import type { Steady } from "./steady.ts";

/** What is only guessed at counts as full a good deal earlier. */
const SERIAL_FULL = 0.89;

/** How full everything is that a request passes from a node on: the fullest of it. */
export function fullness(of: Prepared, { steady, played }: Solution): Float64Array {
  const { program } = of.problem;
  const full = new Float64Array(program.station.length);
  for (let node = full.length - 1; node >= 0; node -= 1) {
    let most = stationFullness(steady, program.station[node] ?? 0);
    const to = firstAttemptOf(program, node + 1);
    for (let attempt = firstAttemptOf(program, node); attempt < to; attempt += 1) {
      if (played.made[attempt] === 0) continue;
      const pool = steady.pool[of.attemptLink[attempt] ?? -1]?.busy ?? 0;
      const child = program.child[attempt] ?? -1;
      const behind =
        child >= 0 ? (full[child] ?? 0) : stationFullness(steady, of.attemptTo[attempt] ?? -1);
      most = Math.max(most, pool, behind);
    }
    full[node] = most;
  }
  return full;
}

/** 0 for no station. */
function stationFullness(steady: Steady, station: number): number {
  const busy = steady.busy[station] ?? Number.NaN;
  const serial = (steady.serialBusy[station] ?? 0) / SERIAL_FULL;
  return Math.max(Number.isNaN(busy) ? 0 : busy, steady.accept[station]?.busy ?? 0, serial);
}

/** Of a place's requests, this share meets what is told. */
const MEETING = 0.1;

/** How full the fullest thing is that a tenth of a place's requests meets. */
export function fullnessMet(
  nodes: Int32Array,
  { full, weight }: { readonly full: Float64Array; readonly weight: Float64Array },
): number {
  const rows = [...nodes].filter((node) => (weight[node] ?? 0) > 0);
  rows.sort((a, b) => (full[b] ?? 0) - (full[a] ?? 0));
  const wanted = MEETING * rows.reduce((sum, node) => sum + (weight[node] ?? 0), 0);
  let met = 0;
  for (const node of rows) {
    met += weight[node] ?? 0;
    if (met >= wanted) return full[node] ?? 0;
  }
  return 0;
}

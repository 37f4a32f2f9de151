import type { Problem } from "../problem.ts";
import { firstAttemptOf, type TraceProgram } from "../trace-program.ts";

/** Rows in groups: those of group g are `rows[starts[g]..starts[g + 1])`. */
interface Grouped {
  readonly starts: Int32Array;
  readonly rows: Int32Array;
}

function grouped(groupOf: Int32Array, groups: number, keeps: (row: number) => boolean): Grouped {
  const starts = new Int32Array(groups + 1);
  groupOf.forEach((group, row) => {
    if (group >= 0 && keeps(row)) starts[group + 1] = (starts[group + 1] ?? 0) + 1;
  });
  for (let group = 0; group < groups; group += 1)
    starts[group + 1] = (starts[group + 1] ?? 0) + (starts[group] ?? 0);
  const next = starts.slice();
  const rows = new Int32Array(starts[groups] ?? 0);
  groupOf.forEach((group, row) => {
    if (group < 0 || !keeps(row)) return;
    const at = next[group] ?? 0;
    rows[at] = row;
    next[group] = at + 1;
  });
  return { starts, rows };
}

/** What is worked out once of a problem's exemplars, however often they are played. */
export interface Prepared {
  readonly problem: Problem;
  /** By node: own time, and its logarithm against the mean of the same operation. */
  readonly selfMs: Float64Array;
  readonly logSelf: Float64Array;
  /** By operation: variance of `logSelf`. */
  readonly logVariance: Float64Array;
  /** By attempt: its chain's link and its station, and what it called. */
  readonly attemptLink: Int32Array;
  readonly attemptTo: Int32Array;
  readonly attemptTrace: Int32Array;
  /** By link: standard deviation over mean of its attempts. */
  readonly attemptCv: Float64Array;
  /** By station: variance of what its callers waited, within like calls; NaN: too few were seen. */
  readonly callVariance: Float64Array;
  /** Attempts by what they call, for one more where none was seen. */
  readonly byCall: Grouped;
  /** Nodes that did not fail, by operation. */
  readonly wellByOperation: Grouped;
  /** By node: it failed because of a call, not by itself. */
  readonly failedByCall: Uint8Array;
}

export function prepare(problem: Problem): Prepared {
  const { program } = problem;
  const selfMs = selfTimes(program);
  const logSelf = logSelves(program, selfMs);
  const attempts = program.gapMs.length;
  const attemptLink = new Int32Array(attempts);
  const attemptCall = new Int32Array(attempts);
  const attemptTo = new Int32Array(attempts);
  for (let chain = 0; chain < program.link.length; chain += 1) {
    const link = program.link[chain] ?? -1;
    for (
      let at = program.firstAttempt[chain] ?? 0;
      at < (program.firstAttempt[chain + 1] ?? 0);
      at += 1
    ) {
      attemptLink[at] = link;
      attemptCall[at] = program.call[chain] ?? -1;
      attemptTo[at] = problem.links[link]?.to ?? -1;
    }
  }
  return {
    problem,
    selfMs,
    logSelf,
    logVariance: logVariances(program, logSelf),
    attemptLink,
    attemptTo,
    attemptTrace: tracesOfAttempts(program),
    callVariance: callVariances(problem, attemptCall, attemptTo),
    attemptCv: variations(program, attemptLink, problem.links.length),
    byCall: grouped(attemptCall, program.calls.length, () => true),
    wellByOperation: grouped(
      program.operation,
      program.operations.length,
      (node) => program.failed[node] === 0,
    ),
    failedByCall: failuresByCall(program),
  };
}

/** Fewer calls say too little of how they vary. */
const CALLS_MIN = 60;

function callVariances(
  { program, stations }: Problem,
  attemptCall: Int32Array,
  attemptTo: Int32Array,
): Float64Array {
  const sums = new Float64Array(program.calls.length);
  const counts = new Float64Array(program.calls.length);
  const isCounted = (attempt: number): boolean =>
    (program.child[attempt] ?? -1) < 0 && program.attemptFailed[attempt] === 0;
  attemptCall.forEach((call, attempt) => {
    if (!isCounted(attempt)) return;
    sums[call] = (sums[call] ?? 0) + (program.gapMs[attempt] ?? 0);
    counts[call] = (counts[call] ?? 0) + 1;
  });
  const squares = new Float64Array(stations.length);
  const total = new Float64Array(stations.length);
  attemptCall.forEach((call, attempt) => {
    const to = attemptTo[attempt] ?? -1;
    if (to < 0 || !isCounted(attempt)) return;
    const off = (program.gapMs[attempt] ?? 0) - (sums[call] ?? 0) / (counts[call] ?? 1);
    squares[to] = (squares[to] ?? 0) + off * off;
    total[to] = (total[to] ?? 0) + 1;
  });
  return squares.map((sum, at) =>
    (total[at] ?? 0) < CALLS_MIN ? Number.NaN : sum / (total[at] ?? 1),
  );
}

function variations(program: TraceProgram, linkOf: Int32Array, links: number): Float64Array {
  const [counts, sums, squares] = [0, 1, 2].map(() => new Float64Array(links)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  linkOf.forEach((link, attempt) => {
    if (link < 0) return;
    const child = program.child[attempt] ?? -1;
    const ms = (program.gapMs[attempt] ?? 0) + (child >= 0 ? (program.durationMs[child] ?? 0) : 0);
    counts[link] = (counts[link] ?? 0) + 1;
    sums[link] = (sums[link] ?? 0) + ms;
    squares[link] = (squares[link] ?? 0) + ms * ms;
  });
  return counts.map((count, link) => {
    if (count < 5) return 1;
    const mean = (sums[link] ?? 0) / count;
    const variance = Math.max(0, (squares[link] ?? 0) / count - mean * mean);
    return mean > 0 ? Math.min(2, Math.sqrt(variance) / mean) : 1;
  });
}

function selfTimes(program: TraceProgram): Float64Array {
  const self = Float64Array.from(program.tailMs);
  for (let node = 0; node < self.length; node += 1) {
    let sum = self[node] ?? 0;
    for (let at = program.firstGroup[node] ?? 0; at < (program.firstGroup[node + 1] ?? 0); at += 1)
      sum += program.leadMs[at] ?? 0;
    self[node] = sum;
  }
  return self;
}

function logSelves(program: TraceProgram, selfMs: Float64Array): Float64Array {
  const sums = new Float64Array(program.operations.length);
  const counts = new Float64Array(program.operations.length);
  selfMs.forEach((ms, node) => {
    const operation = program.operation[node] ?? 0;
    sums[operation] = (sums[operation] ?? 0) + ms;
    counts[operation] = (counts[operation] ?? 0) + 1;
  });
  return selfMs.map((ms, node) => {
    const operation = program.operation[node] ?? 0;
    const mean = (sums[operation] ?? 0) / Math.max(1, counts[operation] ?? 1);
    return Math.log((ms + 0.01) / (mean + 0.01));
  });
}

function logVariances(program: TraceProgram, logSelf: Float64Array): Float64Array {
  const groups = program.operations.map(() => ({ count: 0, sum: 0, squares: 0 }));
  logSelf.forEach((log, node) => {
    const group = groups[program.operation[node] ?? 0];
    if (group === undefined) return;
    group.count += 1;
    group.sum += log;
    group.squares += log * log;
  });
  return Float64Array.from(groups, ({ count, sum, squares }) =>
    count < 2 ? 0 : Math.max(0, squares / count - (sum / count) ** 2),
  );
}

function failuresByCall(program: TraceProgram): Uint8Array {
  return Uint8Array.from(program.failed, (failed, node) =>
    failed === 1 && hasFailedCall(program, node) ? 1 : 0,
  );
}

/** Whether the last attempt of one of a node's calls failed. */
function hasFailedCall(program: TraceProgram, node: number): boolean {
  const from = program.firstChain[program.firstGroup[node] ?? 0] ?? 0;
  const to = program.firstChain[program.firstGroup[node + 1] ?? 0] ?? 0;
  for (let chain = from; chain < to; chain += 1) {
    const last = (program.firstAttempt[chain + 1] ?? 0) - 1;
    if (program.attemptFailed[last] === 1) return true;
  }
  return false;
}

function tracesOfAttempts(program: TraceProgram): Int32Array {
  const traces = new Int32Array(program.gapMs.length);
  program.trace.forEach((trace, node) => {
    traces.fill(trace, firstAttemptOf(program, node), firstAttemptOf(program, node + 1));
  });
  return traces;
}

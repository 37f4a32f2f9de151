import { accuracy, readRanking } from "./accuracy.ts";
import { type Answer, namesOfRoot, normalName, type Truth } from "./answer.ts";
import { calibrationOf, meanOf, percentile, type Stated, shareOf } from "./statistics.ts";

/** A healthy case: naming something with more than this is a false alarm. */
const ALARM_MIN = 0.5;
/** So many characters of an id say which one is meant. */
const ID_CHARS_MIN = 7;

interface CaseScore {
  readonly isAnswered: boolean;
  readonly isEmpty: boolean;
  readonly isBad: boolean;
  readonly isHealthy: boolean;
  readonly ms: number | null;
  readonly change: { readonly hit: boolean; readonly decoy: boolean } | null;
  readonly isAlarm: boolean;
  /** AC@1 to AC@5; empty for a healthy case. */
  readonly accuracy: readonly number[];
  readonly stated?: Stated;
}

function isSameId(a: string, b: string): boolean {
  return (
    a === b ||
    (a.length >= ID_CHARS_MIN && b.startsWith(a)) ||
    (b.length >= ID_CHARS_MIN && a.startsWith(b))
  );
}

function changeScore(truth: Truth, answer: Answer | undefined): CaseScore["change"] {
  if (truth.change === undefined || answer?.change === undefined) return null;
  const said = answer.change === null ? null : normalName(answer.change);
  const id = truth.change.id ?? null;
  return {
    hit: said === null || id === null ? said === id : isSameId(said, normalName(id)),
    decoy:
      said !== null &&
      (truth.change.decoys ?? []).some((decoy) => isSameId(said, normalName(decoy))),
  };
}

/** Scores the answer to one case; an absent answer is a miss. */
export function scoreCase(truth: Truth, answer: Answer | undefined): CaseScore {
  const read = readRanking(answer === undefined ? [] : (answer.ranking ?? []));
  const isHealthy = truth.healthy === true;
  const roots = truth.roots ?? [];
  const excused = new Set((truth.external ?? []).map(normalName));
  const rooted = roots.map(namesOfRoot);
  const { first } = read;
  const hits = first?.names.filter((name) => rooted.some((names) => names.has(name))).length ?? 0;
  return {
    isAnswered: answer !== undefined,
    isEmpty: read.groups.length === 0,
    isBad: read.isBad,
    isHealthy,
    ms: answer?.ms !== undefined && Number.isFinite(answer.ms) ? answer.ms : null,
    change: changeScore(truth, answer),
    isAlarm:
      isHealthy && read.probabilities.some(([name, p]) => p > ALARM_MIN && !excused.has(name)),
    accuracy: isHealthy ? [] : accuracy(read.groups, roots),
    ...(first === undefined
      ? {}
      : { stated: { p: first.p, isTrue: isHealthy ? 0 : hits / first.names.length } }),
  };
}

/** Figures over some cases, in the words of the shared scorer's JSON. */
export function summarise(rows: readonly CaseScore[]) {
  const faulty = rows.filter((row) => !row.isHealthy);
  const healthy = rows.filter((row) => row.isHealthy);
  const ac = [0, 1, 2, 3, 4].map((at) => shareOf(faulty.map((row) => row.accuracy[at] ?? 0)));
  const ms = rows.flatMap((row) => (row.ms === null ? [] : [row.ms]));
  const changes = rows.flatMap(({ change }) => (change === null ? [] : [change]));
  return {
    cases: faulty.length,
    healthy: healthy.length,
    ac1: ac[0] ?? null,
    ac3: ac[2] ?? null,
    ac5: ac[4] ?? null,
    avg5: meanOf(ac.flatMap((one) => (one === null ? [] : [one.value]))) ?? null,
    empty: faulty.filter((row) => row.isEmpty).length,
    unanswered: rows.filter((row) => !row.isAnswered).length,
    bad_p: rows.filter((row) => row.isBad).length,
    false_alarms: healthy.filter((row) => row.isAlarm).length,
    false_alarm_share: shareOf(healthy.map((row) => (row.isAlarm ? 1 : 0))),
    calibration: calibrationOf(
      rows.flatMap(({ stated }) => (stated === undefined ? [] : [stated])),
    ),
    ms: ms.length > 0 ? { median: percentile(ms, 50), p95: percentile(ms, 95) } : null,
    change:
      changes.length === 0
        ? null
        : {
            n: changes.length,
            at1: shareOf(changes.map(({ hit }) => (hit ? 1 : 0))),
            decoys: changes.filter(({ decoy }) => decoy).length,
          },
  };
}

export type Summary = ReturnType<typeof summarise>;

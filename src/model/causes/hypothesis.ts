import { type EntityId, entityName } from "../entity.ts";
import { changeWords } from "./change-words.ts";
import type { Finding, Hypothesis, HypothesisType } from "./diagnosis.ts";
import { homeOf } from "./features.ts";
import { logFindings, resourceFindings } from "./findings.ts";
import { pathOf } from "./path.ts";
import type { Ranked } from "./rank.ts";
import type { Scene } from "./scene.ts";
import { type Suspect, suspectWord } from "./suspect.ts";

/** Suspicion at which a change gives a hypothesis its type. */
const CHANGE_MIN = 0.2;
/** Limit: findings shown for a hypothesis. */
const FINDINGS_MAX = 8;
/** Limit: traces named as evidence. */
const TRACES_MAX = 3;

function typeOf({ picture }: Scene, ranked: Ranked): HypothesisType {
  const { suspect } = ranked;
  if (suspect.type !== "service") return suspect.type;
  const change = ranked.changes.find((one) => one.weight >= CHANGE_MIN)?.change;
  if (change?.kind === "deploy") return "version";
  const known = picture?.services.get(suspect.root as EntityId);
  const fresh = [...(known?.versions ?? [])].some(
    ([version, shift]) => shift.countIncident > 0 && !known?.versionsBefore.has(version),
  );
  if (fresh && known !== undefined && known.versionsBefore.size > 0) return "version";
  return change === undefined ? "service" : "change";
}

/** A link by its ends: an arrow is no word. */
function spokenOf(suspect: Suspect): string {
  const word = suspectWord(suspect);
  const [from, to] = word.split("->");
  return suspect.type !== "edge" || to === undefined ? word : `the link from ${from} to ${to}`;
}

function titleOf(ranked: Ranked, type: HypothesisType, failing: boolean): string {
  const word = spokenOf(ranked.suspect);
  const what = failing ? "began to fail" : "became slower";
  const change = ranked.changes[0]?.change;
  switch (type) {
    case "version": {
      const version = change?.kind === "deploy" ? change.attributes.version : undefined;
      return version === undefined
        ? `a new version of ${word} ${what}`
        : `${word} ${String(version)} ${what}`;
    }
    case "change":
      return `${word} ${what} after ${change === undefined ? "a configuration change" : changeWords(change, ranked.suspect.root)}`;
    case "instance":
      return `one replica, ${word}, ${what} while its siblings are well`;
    case "external":
      return `${word}, outside the telemetry, ${what}`;
    case "store":
      return `the store ${word} ${what}`;
    case "edge":
      return `${word} ${what}`;
    case "host":
    case "zone":
      return `what runs on ${word} ${what}`;
    case "traffic":
      return `more requests than ${word} can serve`;
    case "stopped":
      return `${word} has stopped`;
    case "service":
    case "capacity":
    case "leak":
    case "unknown":
      return `${word} ${what} by itself`;
  }
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings
    .filter((finding) => {
      const key = `${finding.text}|${JSON.stringify(finding.values)}`;
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    })
    .slice(0, FINDINGS_MAX);
}

function changeFindings(ranked: Ranked, onsetMs: number): Finding[] {
  return ranked.changes.slice(0, 2).map(({ change }) => ({
    kind: "change" as const,
    text: `a ${change.kind} change of ${change.entity === undefined ? change.entityText : entityName(change.entity)} came {{before}} before the first deviation`,
    values: { before: { value: Math.max(0, onsetMs - change.timeMs), unit: "ms" } },
    traceIds: [],
  }));
}

function exemplars(scene: Scene, ranked: Ranked, failing: boolean): readonly string[] {
  const { picture, view } = scene;
  if (picture === undefined) return [];
  const { stretch } = picture;
  const through = ranked.suspect.type === "stopped" ? undefined : homeOf(scene, ranked.suspect);
  const traces = view.traces({
    window: stretch.incident,
    operation: picture.operation,
    ...(through === undefined ? {} : { through }),
    reservoir: failing ? "error" : "slow",
    limit: TRACES_MAX,
  });
  return traces.map((trace) => trace.traceId);
}

function impactFinding(ranked: Ranked, traceIds: readonly string[], failing: boolean): Finding {
  return {
    kind: failing ? "errors" : "trace",
    text: `${spokenOf(ranked.suspect)} accounts for {{share}} of what was added to the hurt requests`,
    values: { share: { value: ranked.impact, unit: "ratio" } },
    traceIds,
  };
}

/** Names of everything that calls a place. */
function callersOf({ picture, map }: Scene, name: string): readonly string[] {
  const seen = [...(picture?.edges.values() ?? [])].flatMap(({ caller, callee }) =>
    entityName(callee) === name ? [entityName(caller)] : [],
  );
  return [...new Set([...seen, ...(map.callers.get(name) ?? [])])].sort();
}

/** The same place seen from elsewhere, where it has another caller than the rival; directly, where it has none. */
function fromElsewhere(scene: Scene, own: string, rival: string): string {
  const callers = callersOf(scene, own);
  const caller = callers.includes(rival) ? rival : callers[0];
  const other = callers.find((name) => name !== caller);
  if (caller === undefined) return `measure ${own} itself`;
  return other === undefined
    ? `ask ${own} directly: if it answers as fast as ever, the trouble is in ${caller} or on the way`
    : `compare the calls of ${other} to ${own} with those of ${caller}`;
}

/** What would tell the two leading hypotheses apart at the least cost. */
function decidedBy(scene: Scene, ranked: Ranked, rival: Ranked | undefined): string | undefined {
  if (rival === undefined) return undefined;
  const [own, other] = [spokenOf(ranked.suspect), spokenOf(rival.suspect)];
  switch (ranked.suspect.type) {
    case "instance":
      return `take ${own} out of rotation: if ${other} is the cause, its siblings stay slow`;
    case "store":
    case "external":
      return fromElsewhere(scene, own, other);
    case "edge":
      return `compare the time that both ends of ${own} report for the same request`;
    case "stopped":
      return `look whether a process of ${own} runs`;
    default:
      return ranked.changes.length > 0
        ? `undo the change of ${own} on one replica and compare it with the others`
        : `compare traces that pass ${own} but not ${other}`;
  }
}

/** An onset this much after the symptom's speaks against a cause. */
const LATE_MS = 20_000;

/** Turns a weighed suspect into the answer's form, with what speaks for and against it. */
export function hypothesisOf(
  scene: Scene,
  ranked: Ranked,
  context: {
    readonly rival?: Ranked;
    readonly reproduced?: number;
    readonly isDetailed: boolean;
  },
): Hypothesis {
  const { suspect } = ranked;
  const { picture } = scene;
  const failing = scene.measured.errorWeight > 0.5;
  // Without requests there is nothing that a share could be of.
  const isAbsent = picture?.stretch.absent === true;
  const type = typeOf(scene, ranked);
  const home = homeOf(scene, suspect);
  const onsetMs = suspect.onsetMs ?? scene.onsetMs;
  const traceIds = context.isDetailed ? exemplars(scene, ranked, failing) : [];
  const deep =
    context.isDetailed && home !== undefined && picture !== undefined
      ? [...resourceFindings(picture, suspect.root as EntityId), ...logFindings(picture, home)]
      : [];
  const supporting = distinct([
    ...(ranked.impact > 0.02 && !isAbsent ? [impactFinding(ranked, traceIds, failing)] : []),
    ...suspect.supporting,
    ...loggedFindings(suspect),
    ...changeFindings(ranked, onsetMs),
    ...deep,
  ]);
  const late = onsetMs - scene.onsetMs;
  const opposing = [...suspect.opposing];
  if (late > Math.max(LATE_MS, scene.slackMs)) {
    opposing.push({
      kind: "onset",
      text: `it deviated {{late}} after the symptom`,
      values: { late: { value: late, unit: "ms" } },
      traceIds: [],
    });
  }
  const observation = decidedBy(scene, ranked, context.rival);
  return {
    id: `${type}:${suspect.root}`,
    type,
    root: suspect.root,
    name: suspect.name,
    title: titleOf(ranked, type, failing),
    probability: ranked.probability,
    supporting,
    opposing: distinct(opposing),
    changes: ranked.changes.map((one) => one.change),
    ...(suspect.onsetMs === undefined ? {} : { onsetMs: suspect.onsetMs }),
    path: pathOf(scene, suspect),
    ...(context.reproduced === undefined ? {} : { reproduced: context.reproduced }),
    ...(observation === undefined ? {} : { decidedBy: observation }),
  };
}

/** What recorded logs complain of, in numbers: their text is untrusted and stays out. */
function loggedFindings({ logs }: Ranked["suspect"]): readonly Finding[] {
  if (logs?.worst === undefined) return [];
  return [
    {
      kind: "logs",
      text: "one pattern of complaint was logged {{seen}} times, {{usual}} expected",
      values: {
        seen: { value: logs.worst.seen, unit: "count" },
        usual: { value: logs.worst.usual, unit: "count" },
      },
      traceIds: [],
    },
  ];
}

import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { Answer, Truth } from "../../../src/cases/answer.ts";
import { answerIn } from "../../../src/cases/cause-answer.ts";
import {
  type CauseReport,
  causeReport,
  type LabelledCase,
} from "../../../src/cases/cause-report.ts";
import { causeTable } from "../../../src/cases/cause-table.ts";
import { type Share, shareOf } from "../../../src/cases/statistics.ts";
import { textTable } from "../../../src/cases/text-table.ts";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import { type Asking, incidentMoments } from "./incident-moments.ts";
import { type IncidentRun, incidentRun } from "./incident-run.ts";
import { SEEDS } from "./seeds.ts";
import { train } from "./train.ts";
import { latestChange, mostDeviating } from "./trivial.ts";

const USAGE =
  "usage: npm run bench -- causes [--seeds train|hold-out] [--from 0] [--count 60] [--asking live|record] [--misses]\n" +
  "       npm run bench -- causes train [--from 0] [--count 300] [--keep FILE]\n";

const isSplit = (text: string): text is keyof typeof SEEDS => text in SEEDS;
const isAsking = (text: string): text is Asking => text === "live" || text === "record";

const METHODS = ["orrery", "latest change", "most deviating"] as const;
type Method = (typeof METHODS)[number];

interface Tally {
  readonly cases: LabelledCase[];
  readonly answers: Record<Method, Answer[]>;
  /** Of windows without a fault: whether nothing or unknown came first. */
  readonly quiet: boolean[];
  readonly misses: string[];
}

function truthOf({ fault, guilty }: IncidentRun): Truth {
  return {
    healthy: fault.kind === "none",
    roots: fault.roots.map((root) => ({ ...root, fault: fault.kind })),
    change: { id: guilty?.id ?? null },
  };
}

function missOf(run: IncidentRun, delayS: number, ranking: Answer["ranking"]): string | undefined {
  const names = run.fault.roots.flatMap(({ entity, aliases }) => [entity, ...aliases]);
  const [first] = ranking ?? [];
  const isRight =
    run.fault.kind === "none" ? (first?.p ?? 0) <= 0.5 : names.includes(first?.entity ?? "");
  if (isRight) return undefined;
  const said = (ranking ?? []).slice(0, 4).map(({ entity, p }) => `${entity} ${p?.toFixed(2)}`);
  return `${run.seed} +${delayS} ${run.fault.kind}: ${names.join("|")}; said ${said.join(", ")}`;
}

function ask(run: IncidentRun, asking: Asking, tally: Tally): void {
  const id = String(run.seed);
  for (const { delayS, cutMs, view, query } of incidentMoments(run)) {
    const asked = query(asking);
    const startMs = performance.now();
    const diagnosis = diagnose(view, asked);
    const ms = performance.now() - startMs;
    const said = answerIn(diagnosis, true);
    const about = { id, delay_s: delayS };
    tally.answers.orrery.push({ ...about, ...said, ms });
    tally.answers["latest change"].push({ ...about, ...latestChange(run, cutMs) });
    tally.answers["most deviating"].push({ ...about, ...mostDeviating(run, cutMs) });
    const top = said.ranking?.[0]?.p ?? 0;
    if (run.fault.kind === "none") tally.quiet.push(diagnosis.noneProbability >= top);
    const miss = missOf(run, delayS, said.ranking);
    if (miss !== undefined) tally.misses.push(miss);
  }
}

const figure = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : value.toFixed(3);
const share = (one: Share | null): string =>
  one === null ? "–" : `${one.value.toFixed(3)} [${one.low.toFixed(2)}, ${one.high.toFixed(2)}]`;

function methodRows(reports: ReadonlyMap<Method, CauseReport>): string {
  const rows = [...reports].flatMap(([method, { delays }]) =>
    delays.map(({ delay_s, all }) => [
      `${method} +${delay_s} s`,
      String(all.cases),
      share(all.ac1),
      share(all.ac3),
      figure(all.calibration.ece),
      share(all.false_alarm_share),
      share(all.change?.at1 ?? null),
      figure(all.ms?.p95),
    ]),
  );
  const head = ["method", "n", "AC@1", "AC@3", "ECE", "alarms", "change@1", "ms p95"];
  return textTable(head, rows);
}

function textOf({ cases, answers, quiet }: Tally): string {
  const reports = new Map(
    METHODS.map((method) => [method, causeReport(cases, answers[method])] as const),
  );
  const own = reports.get("orrery");
  const kinds = new Set(cases.map(({ truth }) => truth.roots?.[0]?.fault ?? "none")).size;
  return [
    own === undefined ? "" : causeTable(own),
    methodRows(reports),
    "",
    `${cases.length} incidents of ${kinds} kinds; nothing or unknown came first in ${share(shareOf(quiet.map(Number)))} of ${quiet.length} looks at windows without a fault`,
    "",
  ].join("\n");
}

/** Causes of random incidents in random systems that our own simulator runs: the product beside two rules of thumb. */
export async function runCausesBench(args: readonly string[]): Promise<void> {
  if (args[0] === "train") {
    train(args.slice(1));
    return;
  }
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "train" },
      from: { type: "string", default: "0" },
      count: { type: "string", default: "60" },
      asking: { type: "string", default: "live" },
      misses: { type: "boolean", default: false },
    },
  });
  const [from, count] = [Number(values.from), Number(values.count)];
  if (!isSplit(values.seeds) || !isAsking(values.asking) || !(from >= 0) || !(count > 0)) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const answers = { orrery: [], "latest change": [], "most deviating": [] };
  const tally: Tally = { cases: [], answers, quiet: [], misses: [] };
  for (let at = from; at < from + count; at += 1) {
    const run = incidentRun(SEEDS[values.seeds] + at);
    tally.cases.push({ id: String(run.seed), set: "random", truth: truthOf(run) });
    ask(run, values.asking, tally);
  }
  process.stdout.write(textOf(tally));
  if (values.misses) process.stdout.write(`${tally.misses.join("\n")}\n`);
}

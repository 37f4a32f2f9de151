import type { Meter } from "../meter.ts";
import { formatQuantity } from "../model/quantity.ts";
import {
  type ScoredStatistic,
  type TrackRecord,
  trackRecord,
} from "../model/whatif/track-record.ts";
import { interventionOf } from "./action.ts";
import type { ProposalRecord } from "./contract.ts";
import type { Outcome } from "./events.ts";

/** Limit: settled predictions that count, newest last: what a system did long ago says little about it now. */
const SETTLED_MAX = 2_000;

/** One prediction that was held against what happened. */
export interface SettledPrediction {
  readonly proposalId: string;
  /** `rollback`, `scale`, … as the track record counts them. */
  readonly interventionType: string;
  readonly verdict: Outcome["verdict"];
  /** Empty when no number had been predicted, or the comparison is void. */
  readonly statistics: readonly ScoredStatistic[];
}

/** Undefined while it has no outcome. */
function settledOf({ proposal, outcome }: ProposalRecord): SettledPrediction | undefined {
  if (outcome === undefined) return undefined;
  const interventionType = interventionOf(proposal.action).type;
  const observed = outcome.verdict === "void" ? [] : outcome.observed;
  const statistics = observed.flatMap(({ statistic, predicted, value }) =>
    predicted === undefined ? [] : [{ interventionType, statistic, ...predicted, observed: value }],
  );
  return { proposalId: proposal.id, interventionType, verdict: outcome.verdict, statistics };
}

/** The scores of settled predictions by type of action; void ones and those without numbers do not count. */
export function trackRecordOf(settled: readonly SettledPrediction[]): TrackRecord {
  return trackRecord(settled.map(({ statistics }) => statistics));
}

/** "rollback predictions here: 7 of 8 inside the 90 % band, median error 6 %". */
export function trackLine(settled: readonly SettledPrediction[], interventionType: string): string {
  const own = settled.filter((one) => one.interventionType === interventionType);
  const count = (verdict: Outcome["verdict"]): number =>
    own.filter((one) => one.verdict === verdict).length;
  const inside = count("inside");
  const numbered = inside + count("outside");
  const recovered = count("recovered");
  const unnumbered = recovered + count("not-recovered");
  if (numbered + unnumbered === 0)
    return `no ${interventionType} prediction has been settled here yet`;
  if (numbered === 0)
    return `${interventionType} here: no number was predicted, ${recovered} of ${unnumbered} recovered`;
  const [type] = trackRecordOf(own).types;
  const error = Math.expm1(type?.medianLogError ?? 0);
  return `${interventionType} predictions here: ${inside} of ${numbered} inside the 90 % band, median error ${formatQuantity({ value: error, unit: "ratio" })}`;
}

const VERDICTS: readonly Outcome["verdict"][] = [
  "inside",
  "outside",
  "void",
  "recovered",
  "not-recovered",
];

/** The settled predictions, in the order of settling. */
export class Ledger {
  readonly #settled: SettledPrediction[] = [];
  #isExposed = false;

  get settled(): readonly SettledPrediction[] {
    return this.#settled;
  }

  /** Contract: each record once, when its outcome has come; without one nothing is added. */
  add(record: ProposalRecord): void {
    const one = settledOf(record);
    if (one === undefined) return;
    this.#settled.push(one);
    if (this.#settled.length > SETTLED_MAX) this.#settled.shift();
    this.#isExposed = false;
  }

  expose(meter: Meter): void {
    if (!this.#isExposed) exposeSettled(meter, this.#settled);
    this.#isExposed = true;
  }
}

/** As gauges: they are the same after a restart, because they are counted from the record. */
function exposeSettled(meter: Meter, settled: readonly SettledPrediction[]): void {
  for (const type of new Set(settled.map((one) => one.interventionType))) {
    const own = settled.filter((one) => one.interventionType === type);
    for (const verdict of VERDICTS) {
      const count = own.filter((one) => one.verdict === verdict).length;
      meter.set("orrery_predictions_settled", count, { type, verdict });
    }
  }
  for (const { interventionType: type, ...scores } of trackRecordOf(settled).types) {
    meter.set("orrery_prediction_coverage_ratio", scores.coverage, { type });
    meter.set("orrery_prediction_log_error_median", scores.medianLogError, { type });
    meter.set("orrery_prediction_crps_mean", scores.crps, { type });
  }
}

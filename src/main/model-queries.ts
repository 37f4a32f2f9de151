import { operationsAbout } from "../../tools/operations-about.ts";
import { changesKnownFrom } from "../../tools/window.ts";
import type { Answer, Incidents } from "../incident/contract.ts";
import { parseIntervention } from "../incident/intervention-text.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { ChangesAnswer, ChangesQuery, ModelQueries } from "../slack/deps.ts";
import { unknown } from "./asked-place.ts";
import { statusAnswer } from "./status-query.ts";
import { whyAnswer } from "./why-query.ts";

/** Limit: operations of one prediction. */
const OPERATIONS_MAX = 3;
const DAY_MS = 86_400_000;

export interface QueryDeps {
  readonly incidents: Incidents;
  now(): WorldView;
  at(atMs: number): WorldView;
  predict(
    view: WorldView,
    interventions: readonly Intervention[],
    operations: readonly string[],
  ): Promise<Prediction>;
}

/** What slash commands ask of the live model. */
export function createModelQueries(deps: QueryDeps): ModelQueries {
  return {
    status: async (query) => {
      const found = viewAt(deps, query.atMs);
      return found.ok ? statusAnswer(deps.incidents, found.data, query) : found;
    },
    why: async ({ about, atMs }) => {
      const found = viewAt(deps, atMs);
      return found.ok ? whyAnswer(found.data, about) : found;
    },
    whatIf: (text) => whatIf(deps, text),
    changes: (query) => Promise.resolve(changes(deps, query)),
  };
}

/** The view at an instant, or why there is none. */
function viewAt(deps: QueryDeps, atMs: number | undefined): Answer<WorldView> {
  const now = deps.now();
  if (atMs === undefined || atMs >= now.asOfMs) return { ok: true, data: now };
  if (atMs >= now.retainedFromMs) return { ok: true, data: deps.at(atMs) };
  const from = new Date(now.retainedFromMs).toISOString().slice(11, 19);
  // A clock time that has not come yet today was read as that of yesterday.
  const isToCome =
    now.asOfMs - atMs < DAY_MS && new Date(atMs).getUTCDate() !== new Date(now.asOfMs).getUTCDate();
  return {
    ok: false,
    code: "time_not_retained",
    message: `${isToCome ? "Today that is still to come. " : ""}I keep what happened since ${from} UTC.`,
  };
}

async function whatIf(deps: QueryDeps, text: string): Promise<Answer<Prediction>> {
  const view = deps.now();
  const parsed = parseIntervention(text, view);
  if (!parsed.ok) return parsed;
  const operations = operationsAbout(view, [parsed.data], OPERATIONS_MAX);
  return { ok: true, data: await deps.predict(view, [parsed.data], operations) };
}

function changes(deps: QueryDeps, { sinceMs, service }: ChangesQuery): Answer<ChangesAnswer> {
  const view = deps.now();
  const window = { fromMs: sinceMs, toMs: view.asOfMs };
  const resolved = service === undefined ? undefined : view.resolve(service);
  if (service !== undefined && resolved?.ok === false)
    return unknown(view, service, resolved.didYouMean);
  const entity = resolved?.ok === true ? resolved.entity.id : undefined;
  const watchedFromMs = changesKnownFrom(view, sinceMs);
  return {
    ok: true,
    data: {
      window,
      ...(watchedFromMs > sinceMs ? { watchedFromMs } : {}),
      changes: view.changes(window, entity).toReversed(),
    },
  };
}

import { entriesSeen, entriesThrough } from "../../tools/entry-operation.ts";
import { operationsAbout } from "../../tools/operations-about.ts";
import type { Answer, Incidents } from "../incident/contract.ts";
import { parseIntervention } from "../incident/intervention-text.ts";
import { type DiagnoseQuery, diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { type Entity, entityName } from "../model/entity.ts";
import type { SloStatus } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type {
  ChangesAnswer,
  ChangesQuery,
  ModelQueries,
  StatusAnswer,
  StatusQuery,
  WhyQuery,
} from "../slack/deps.ts";

const HOUR_MS = 3_600_000;
const COVERAGE_MS = 120_000;
/** Limit: operations of one prediction. */
const OPERATIONS_MAX = 3;

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
    status: (query) => status(deps, query),
    why: (query) => Promise.resolve(why(deps, query)),
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
  return {
    ok: false,
    code: "time_not_retained",
    message: `I keep what happened since ${from} UTC.`,
  };
}

function unknown(view: WorldView, text: string, near: readonly string[]): Answer<never> {
  const slos = view.slos().map((slo) => slo.id);
  const known = view.entities({ type: "service" }).map((one) => one.name);
  return {
    ok: false,
    code: "entity_unknown",
    message: `I know no "${text.slice(0, 80)}".`,
    didYouMean: (near.length > 0 ? near : [...known, ...slos]).slice(0, 6),
  };
}

function sloAbout(status: SloStatus, about: string): boolean {
  const { slo } = status;
  return [slo.id, slo.service, slo.operation, `${slo.service} ${slo.operation}`].includes(about);
}

async function status(deps: QueryDeps, query: StatusQuery): Promise<Answer<StatusAnswer>> {
  const found = viewAt(deps, query.atMs);
  if (!found.ok) return found;
  const view = found.data;
  const all = view.slos().flatMap((slo) => view.sloStatus(slo.id) ?? []);
  const { about } = query;
  const slos = about === undefined ? all : all.filter((one) => sloAbout(one, about));
  const resolved = about === undefined ? undefined : view.resolve(about);
  if (about !== undefined && slos.length === 0 && resolved?.ok !== true)
    return unknown(view, about, resolved?.didYouMean ?? []);
  const sinceMs = query.sinceMs ?? view.asOfMs - HOUR_MS;
  const entity = resolved?.ok === true ? resolved.entity.id : undefined;
  const latestChange = view
    .changes({ fromMs: sinceMs, toMs: view.asOfMs }, slos.length === 0 ? entity : undefined)
    .at(-1);
  const unresolved = await deps.incidents.unresolved();
  return {
    ok: true,
    data: {
      asOfMs: view.asOfMs,
      slos,
      ...(latestChange === undefined ? {} : { latestChange }),
      openIncidents: unresolved
        .filter(({ openedMs }) => openedMs <= view.asOfMs)
        .map(({ page, openedMs }) => ({ title: page.title, openedMs })),
      blindSpots: blindSpots(view),
    },
  };
}

function blindSpots(view: WorldView): readonly string[] {
  const { notes } = view.coverage({ fromMs: view.closedMs - COVERAGE_MS, toMs: view.closedMs });
  const none = view.slos().length === 0 ? ["no objectives are defined: write slo.yaml"] : [];
  return [...none, ...notes];
}

function why(deps: QueryDeps, { about, atMs }: WhyQuery): Answer<Diagnosis> {
  const found = viewAt(deps, atMs);
  if (!found.ok) return found;
  const view = found.data;
  const slo = view.slos().find((one) => one.id === about);
  if (slo !== undefined) return { ok: true, data: diagnose(view, { sloId: slo.id }) };
  const resolved = view.resolve(about, ["operation", "service"]);
  if (!resolved.ok) {
    const known = view.slos().find((one) => one.operation === about);
    if (known !== undefined) return { ok: true, data: diagnose(view, { sloId: known.id }) };
    return unknown(view, about, resolved.didYouMean);
  }
  return { ok: true, data: diagnose(view, causeQuery(view, resolved.entity)) };
}

/** Causes are ranked for requests that enter the system: of a service within, for those that spend most time there. */
function causeQuery(view: WorldView, entity: Entity): DiagnoseQuery {
  if (entity.type === "operation") return { operation: entity.name };
  const isEntry = entriesSeen(view).some(({ service }) => service === entity.id);
  const [through] = isEntry ? [] : entriesThrough(view, entity);
  return through === undefined
    ? { service: entity.name }
    : { operation: entityName(through.operation) };
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
  if (service === undefined)
    return { ok: true, data: { window, changes: view.changes(window).toReversed() } };
  const resolved = view.resolve(service);
  if (!resolved.ok) return unknown(view, service, resolved.didYouMean);
  return {
    ok: true,
    data: { window, changes: view.changes(window, resolved.entity.id).toReversed() },
  };
}

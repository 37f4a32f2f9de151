import type { Answer, Incidents } from "../incident/contract.ts";
import { diagnose } from "../model/causes/diagnose.ts";
import type { Entity } from "../model/entity.ts";
import type { SloStatus } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import type { PlaceStatus, StatusAnswer, StatusQuery } from "../slack/deps.ts";
import {
  causeAt,
  isEntry,
  placeReading,
  slosNamed,
  statusesThrough,
  unknown,
} from "./asked-place.ts";
import { sloReading } from "./slo-reading.ts";

const HOUR_MS = 3_600_000;
const COVERAGE_MS = 120_000;

interface Asked {
  readonly statuses: readonly SloStatus[];
  /** What was named, when it is no objective. */
  readonly entity?: Entity;
}

/** What is to be told: everything, the objectives that were named, or those whose requests pass the place that was. */
function askedFor(view: WorldView, about: string | undefined): Answer<Asked> {
  const statusOf = (id: string): readonly SloStatus[] => {
    const status = view.sloStatus(id);
    return status === undefined ? [] : [status];
  };
  if (about === undefined)
    return { ok: true, data: { statuses: view.slos().flatMap(({ id }) => statusOf(id)) } };
  const named = slosNamed(view, about);
  const resolved = view.resolve(about);
  const entity = resolved.ok ? resolved.entity : undefined;
  if (named.length > 0) {
    const statuses = named.flatMap(({ id }) => statusOf(id));
    const isPlace = entity?.type === "service" && named.every((slo) => slo.id !== about);
    return { ok: true, data: { statuses, ...(isPlace ? { entity } : {}) } };
  }
  if (entity === undefined) return unknown(view, about, resolved.ok ? [] : resolved.didYouMean);
  return { ok: true, data: { statuses: statusesThrough(view, entity), entity } };
}

/** How the place does by itself, and whether it is suspected of what is hurt. */
function placeStatus(view: WorldView, { statuses, entity }: Asked): PlaceStatus | undefined {
  if (entity === undefined) return undefined;
  const reading = placeReading(view, entity);
  const hurt = statuses.find(({ state }) => state === "burning" || state === "absent");
  if (hurt === undefined) return { reading };
  const cause = causeAt(view, diagnose(view, { sloId: hurt.slo.id }), entity);
  if (cause === undefined)
    return { reading, ...(isEntry(view, entity) ? {} : { clearedOf: hurt }) };
  const { title, probability } = cause;
  return { reading, suspectedOf: { status: hurt, title, probability } };
}

export async function statusAnswer(
  incidents: Pick<Incidents, "unresolved">,
  view: WorldView,
  query: StatusQuery,
): Promise<Answer<StatusAnswer>> {
  const asked = askedFor(view, query.about);
  if (!asked.ok) return asked;
  const { statuses, entity } = asked.data;
  const place = placeStatus(view, asked.data);
  const sinceMs = query.sinceMs ?? view.asOfMs - HOUR_MS;
  const latestChange = view.changes({ fromMs: sinceMs, toMs: view.asOfMs }, entity?.id).at(-1);
  const unresolved = await incidents.unresolved();
  return {
    ok: true,
    data: {
      asOfMs: view.asOfMs,
      objectives: statuses.map((status) => sloReading(view, status)),
      ...(place === undefined ? {} : { place }),
      ...(latestChange === undefined ? {} : { latestChange }),
      openIncidents: unresolved
        .filter(({ openedMs }) => openedMs <= view.asOfMs)
        .map(({ page, openedMs, recovered }) => ({
          title: page.title,
          ...(page.pastTitle === undefined ? {} : { pastTitle: page.pastTitle }),
          openedMs,
          ...(recovered === undefined || recovered.atMs > view.asOfMs
            ? {}
            : { recoveredMs: recovered.atMs }),
        })),
      blindSpots: blindSpots(view),
    },
  };
}

function blindSpots(view: WorldView): readonly string[] {
  const { notes } = view.coverage({ fromMs: view.closedMs - COVERAGE_MS, toMs: view.closedMs });
  const none = view.slos().length === 0 ? ["no objectives are defined: write slo.yaml"] : [];
  return [...none, ...notes];
}

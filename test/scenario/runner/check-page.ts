import type { Incident } from "../../../src/incident/contract.ts";
import type { Page } from "../../../src/incident/events.ts";
import { entityName } from "../../../src/model/entity.ts";
import { type Performance, timeText, type Verdict } from "./performance.ts";
import { START_MS } from "./stage.ts";
import type { Expectation } from "./statement.ts";

type Of<Type extends Expectation["type"]> = Extract<Expectation, { type: Type }>;

const pagesOf = ({ page, joined }: Incident): readonly Page[] => [
  page,
  ...joined.map((one) => one.page),
];

function fits(page: Page, wanted: Of<"page">): boolean {
  if (page.type !== wanted.kind) return false;
  const operation = page.operation === undefined ? "" : entityName(page.operation);
  return wanted.operation === undefined || operation.endsWith(` ${wanted.operation}`);
}

const described = (page: Page): string =>
  `"${page.title}" at ${timeText(page.atMs - START_MS)} (${page.type})`;

const keyOf = ({ sloId, type, atMs }: Page): string => `${sloId ?? type} ${atMs}`;

interface Seen {
  readonly incident: Incident;
  readonly page: Page;
}

/** Pages that nobody has expected yet, those that joined an incident too. */
async function unexpectedPages({ stage, expectedPages }: Performance): Promise<readonly Seen[]> {
  const incidents = await stage.product.incidents.unresolved();
  return incidents
    .flatMap((incident) => pagesOf(incident).map((page) => ({ incident, page })))
    .filter(({ page }) => !expectedPages.has(keyOf(page)));
}

/** A page within a time after the last event, and not before it. */
export async function checkPage(performance: Performance, wanted: Of<"page">): Verdict {
  const { stage, lastEventMs } = performance;
  const untilMs = lastEventMs + wanted.withinMs;
  const found = await stage.waitFor(
    async () => (await unexpectedPages(performance)).find(({ page }) => fits(page, wanted)),
    untilMs,
  );
  if (found === undefined) {
    const others = (await unexpectedPages(performance)).map(({ page }) => described(page));
    const seen = others.length === 0 ? "nobody was paged" : `only ${others.join(", ")}`;
    return `${seen} until ${timeText(untilMs)}`;
  }
  const { page, incident } = found;
  performance.expectedPages.add(keyOf(page));
  performance.expectedIncidents.add(incident.id);
  performance.incidentId = incident.id;
  if (page.atMs - START_MS >= lastEventMs) return undefined;
  return `paged ${described(page)}, before the event at ${timeText(lastEventMs)}`;
}

/** No incident but those that were expected, until then. */
export async function checkNoPage(performance: Performance, wanted: Of<"no-page">): Verdict {
  const { stage, expectedIncidents, lengthMs } = performance;
  const found = await stage.waitFor(async () => {
    const incidents = await stage.product.incidents.unresolved();
    return incidents.find(({ id }) => !expectedIncidents.has(id));
  }, wanted.untilMs ?? lengthMs);
  return found === undefined ? undefined : `paged ${described(found.page)}`;
}

export async function checkIncidents({ stage }: Performance, wanted: Of<"incidents">): Verdict {
  const incidents = await stage.product.incidents.unresolved();
  if (incidents.length === wanted.count) return undefined;
  return `there are ${incidents.length}: ${incidents.map((one) => described(one.page)).join(", ")}`;
}

export async function checkRecovered(performance: Performance, wanted: Of<"recovered">): Verdict {
  const { stage, incidentId } = performance;
  if (incidentId === undefined) return "no page has been expected before, or none came";
  const untilMs = Math.max(stage.nowMs, performance.lastEventMs) + wanted.withinMs;
  const found = await stage.waitFor(
    async () => (await stage.product.incidents.read(incidentId))?.recovered,
    untilMs,
  );
  return found === undefined ? `not recovered until ${timeText(untilMs)}` : undefined;
}

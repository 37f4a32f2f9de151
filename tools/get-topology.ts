import { z } from "zod";
import { sumIn } from "../src/model/dynamics/columns.ts";
import type { EdgeId, Entity, EntityId } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { EdgeWindow, WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities, rounded } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import { edgeHealth, type Health, healthValues } from "./health.ts";
import { atSchema, pastViewAt } from "./instant.ts";
import { placeName, resolveEntity } from "./named-entity.ts";
import { nameText } from "./untrusted.ts";
import { lastMinutes, windowSchema, windowText } from "./window.ts";

/** Limits of one answer: the busiest links, and instances. */
const LINKS_MAX = 14;
const LINKS_CITED_MAX = 6;
const PLACES_MAX = 14;
const MINUTES = 5;

const input = z.strictObject({
  around: z.string().max(200).optional().describe("Entity to start from; default the whole map."),
  hops: z.number().int().min(1).max(3).default(1),
  at: atSchema,
});
const linkSchema = z.object({
  from: z.string(),
  to: z.string(),
  requestsPerSecond: z.number().nullable(),
  errorRatio: z.number().nullable(),
  meanMs: z.number().nullable(),
  retryRatio: z.number().nullable(),
  async: z.boolean(),
});
const output = z.object({
  asOf: z.string(),
  window: windowSchema,
  links: z.array(linkSchema),
  instances: z.array(
    z.object({ instance: z.string(), service: z.string(), host: z.string(), zone: z.string() }),
  ),
});

interface LinkSeen {
  readonly id: EdgeId;
  readonly caller: EntityId;
  readonly callee: EntityId;
  readonly isAsync: boolean;
  readonly count: number;
  readonly edges: readonly EdgeWindow[];
}

/** What a link carried: worked out for the few that are told. */
interface LinkTold extends LinkSeen {
  readonly retryRatio: number;
  readonly health: Health;
}

function linksOf(edges: readonly EdgeWindow[], window: Window): readonly LinkSeen[] {
  const groups = Map.groupBy(edges, (edge) => edge.id);
  return [...groups.values()]
    .flatMap((group): LinkSeen[] => {
      const first = group[0];
      const count = group.reduce((sum, edge) => sum + sumIn(edge, edge.count, window), 0);
      if (first === undefined || count === 0) return [];
      const { id, caller, callee, kind } = first;
      return [{ id, caller, callee, isAsync: kind === "async", count, edges: group }];
    })
    .sort((a, b) => b.count - a.count);
}

function told(link: LinkSeen, window: Window): LinkTold {
  const { edges, count } = link;
  const retries = edges.reduce((sum, edge) => sum + sumIn(edge, edge.retries, window), 0);
  return { ...link, retryRatio: retries / count, health: edgeHealth(edges, window) };
}

/** Where the links of an entity begin: services and what they call are linked, not instances, hosts or operations. */
function linkedPlaces(view: WorldView, { id, type }: Entity): readonly EntityId[] {
  const owners = (instance: EntityId): readonly EntityId[] =>
    view.relations({ type: "instance_of", from: instance }).map((one) => one.to);
  const onHost = (host: EntityId): readonly EntityId[] =>
    view.relations({ type: "runs_on", to: host }).flatMap((one) => owners(one.from));
  switch (type) {
    case "service.instance":
      return owners(id);
    case "host":
      return onHost(id);
    case "zone":
      return view.relations({ type: "hosted_in", to: id }).flatMap((one) => onHost(one.from));
    case "operation":
      return view.relations({ type: "exposes", to: id }).map((one) => one.from);
    default:
      return [id];
  }
}

/** Entities at most `hops` links away, either direction. */
function neighbourhood(
  links: readonly LinkSeen[],
  start: readonly EntityId[],
  hops: number,
): Set<EntityId> {
  const reached = new Set(start);
  for (let hop = 0; hop < hops; hop += 1) {
    const border = new Set(reached);
    for (const link of links) {
      if (border.has(link.caller)) reached.add(link.callee);
      if (border.has(link.callee)) reached.add(link.caller);
    }
  }
  return reached;
}

function linkEvidence(link: LinkTold, window: Window): EvidenceDraft {
  const about = placeName(link.id);
  return {
    kind: "edge",
    about,
    text: `${about} carries {{requestRate}} with mean {{meanMs}}, {{errorRatio}} errors and {{retryRatio}} retries`,
    values: {
      ...healthValues(link.health),
      ...quantities("ratio", { retryRatio: link.retryRatio }),
    },
    window,
  };
}

type Placement = z.infer<typeof output>["instances"][number];

/** Where instances run, those of one service together. */
function placements(
  view: WorldView,
  services: ReadonlySet<EntityId> | undefined,
): readonly Placement[] {
  const target = (from: EntityId, type: "instance_of" | "runs_on" | "hosted_in") =>
    view.relations({ type, from }).at(-1)?.to;
  const all = view.entities({ type: "service.instance" }).flatMap((instance): Placement[] => {
    const service = target(instance.id, "instance_of");
    if (service === undefined || services?.has(service) === false) return [];
    const host = target(instance.id, "runs_on");
    const zone = host === undefined ? undefined : target(host, "hosted_in");
    return [
      {
        instance: nameText(instance.name),
        service: placeName(service),
        host: host === undefined ? "" : placeName(host),
        zone: zone === undefined ? "" : placeName(zone),
      },
    ];
  });
  return all.sort((a, b) => (`${a.service} ${a.instance}` < `${b.service} ${b.instance}` ? -1 : 1));
}

export const getTopology = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "get_topology",
  description:
    "Who calls whom (links with rate, errors, mean time, retries over 5 minutes) and where instances run (host, zone). Whole map or around one entity, at any past time.",
  input,
  output,
  effect: "read",
  timeoutMs: 2_000,
  title: ({ around }) => `Mapping ${around === undefined ? "the system" : nameText(around)}`,
  run(context, { around, hops, at }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const { window, notes } = lastMinutes(view, MINUTES);
    const links = linksOf(view.edges(window), window);
    const start = around === undefined ? undefined : resolveEntity(view, around);
    if (start?.ok === false) return start;
    const near =
      start === undefined
        ? undefined
        : neighbourhood(links, linkedPlaces(view, start.entity), hops);
    const chosen = links.filter(
      (link) => near === undefined || (near.has(link.caller) && near.has(link.callee)),
    );
    const shown = firstOf(chosen, LINKS_MAX, "links");
    const shownLinks = shown.kept.map((link) => told(link, window));
    const places = firstOf(placements(view, near), PLACES_MAX, "instances");
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        window: windowText(window),
        links: shownLinks.map((link) => ({
          from: placeName(link.caller),
          to: placeName(link.callee),
          requestsPerSecond: rounded(link.health.requestRate),
          errorRatio: rounded(link.health.errorRatio),
          meanMs: rounded(link.health.meanMs),
          retryRatio: rounded(link.retryRatio),
          async: link.isAsync,
        })),
        instances: [...places.kept],
      },
      shownLinks.slice(0, LINKS_CITED_MAX).map((link) => linkEvidence(link, window)),
      [
        ...notes,
        ...(chosen.length === 0 ? ["no calls were observed in the window"] : []),
        ...shown.notes,
        ...places.notes,
      ],
    );
  },
});

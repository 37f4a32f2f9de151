import type { Intervention } from "../../../src/model/whatif/intervention.ts";
import { type Random, randomStream } from "../../../src/simulator/random.ts";
import type {
  Behaviour,
  DatabaseSpec,
  LinkSpec,
  ServiceSpec,
  SystemSpec,
} from "../../../src/simulator/system-spec.ts";
import type { BenchSystem } from "./bench-system.ts";

/** What has gone wrong before the questions are asked; nothing, in every other system. */
export interface BenchIncident {
  readonly type: "deploy" | "flag";
  readonly service: string;
  readonly behaviour: Behaviour;
}

/** A system as it will be, and how often it is asked then. */
export interface Outcome {
  readonly spec: SystemSpec;
  /** Factors on the load by operation; "" is all. */
  readonly load: Readonly<Record<string, number>>;
}

export interface BenchQuestion {
  readonly id: string;
  readonly interventions: readonly Intervention[];
  readonly outcome: Outcome;
}

export const VERSION = { before: "1.0.0", after: "1.1.0" } as const;
export const FLAG = { key: "new-path", off: "off", on: "on" } as const;

/** Both what the question says and what it does to the system. */
interface Act {
  readonly intervention: Intervention;
  readonly edit: (outcome: Outcome) => Outcome;
}

const pick = <T>(random: Random, all: readonly T[]): T | undefined =>
  all[Math.floor(random() * all.length)];

function withService(
  spec: SystemSpec,
  name: string,
  edit: (service: ServiceSpec) => ServiceSpec,
): SystemSpec {
  return {
    ...spec,
    services: spec.services.map((one) => (one.name === name ? edit(one) : one)),
  };
}

const withLink = (
  spec: SystemSpec,
  { from, to }: { readonly from: string; readonly to: string },
  change: LinkSpec,
): SystemSpec =>
  withService(spec, from, (service) => ({
    ...service,
    links: { ...service.links, [to]: { ...service.links?.[to], ...change } },
  }));

const editSpec =
  (edit: (spec: SystemSpec) => SystemSpec) =>
  (outcome: Outcome): Outcome => ({ ...outcome, spec: edit(outcome.spec) });

function loadAct(factor: number, operation?: string): Act {
  return {
    intervention: { type: "load", factor, ...(operation === undefined ? {} : { operation }) },
    edit: ({ spec, load }) => ({ spec, load: { ...load, [operation ?? ""]: factor } }),
  };
}

function shedAct(share: number): Act {
  return {
    intervention: { type: "shed", share },
    edit: ({ spec, load }) => ({ spec, load: { ...load, "": 1 - share } }),
  };
}

/** Hosts with the fewest replicas first: where a scheduler puts new ones. */
function roomiest(spec: SystemSpec, without: string): readonly string[] {
  const replicas = (name: string): number =>
    spec.services.reduce((sum, { hosts }) => sum + hosts.filter((one) => one === name).length, 0);
  return spec.hosts
    .filter(({ name }) => name !== without)
    .sort((a, b) => replicas(a.name) / a.cores - replicas(b.name) / b.cores)
    .map(({ name }) => name);
}

function scaleAct(entity: string, replicas: number): Act {
  return {
    intervention: { type: "scale", entity, replicas },
    edit: editSpec((spec) => {
      let grown = spec;
      for (let guard = 0; guard < replicas; guard += 1) {
        grown = withService(grown, entity, (service) => {
          const room = roomiest(grown, "")[0] ?? "";
          return service.hosts.length >= replicas
            ? { ...service, hosts: service.hosts.slice(0, replicas) }
            : { ...service, hosts: [...service.hosts, room] };
        });
      }
      return grown;
    }),
  };
}

/** Cores that all replicas on a host may use together; one without a limit is counted with one core. */
function limitsOn(spec: SystemSpec, host: string): number {
  return spec.services.reduce(
    (sum, { hosts, cpuLimitCores = 1 }) =>
      sum + cpuLimitCores * hosts.filter((one) => one === host).length,
    0,
  );
}

/** Where a replica that must leave a host is started; undefined: its limit fits nowhere, and others are left. */
function refuge(
  spec: SystemSpec,
  { cpuLimitCores = 1 }: ServiceSpec,
  from: { readonly host: string; readonly isLast: boolean },
): string | undefined {
  const [room] = roomiest(spec, from.host);
  const cores = spec.hosts.find((one) => one.name === room)?.cores ?? 0;
  const fits = room !== undefined && limitsOn(spec, room) + cpuLimitCores <= cores;
  return fits || from.isLast ? room : undefined;
}

/** Replicas are started elsewhere where their limit fits; the last one of a service in any case. */
function drainAct(host: string): Act {
  const drained = (spec: SystemSpec): SystemSpec => {
    let moved = spec;
    for (const service of spec.services) {
      const left = service.hosts.filter((one) => one !== host);
      const place = (): void => {
        moved = withService(moved, service.name, (one) => ({ ...one, hosts: [...left] }));
      };
      for (let gone = service.hosts.length - left.length; gone > 0; gone -= 1) {
        place();
        const room = refuge(moved, service, { host, isLast: left.length === 0 });
        if (room !== undefined) left.push(room);
      }
      place();
    }
    return moved;
  };
  return { intervention: { type: "drain", entity: host }, edit: editSpec(drained) };
}

const timesPace = (database: DatabaseSpec, factor: number): DatabaseSpec => ({
  ...database,
  statements: Object.fromEntries(
    Object.entries(database.statements).map(([name, { time, ...rest }]) => [
      name,
      {
        ...rest,
        time: typeof time === "number" ? time * factor : { ...time, ms: time.ms * factor },
      },
    ]),
  ),
});

function demandAct(entity: string, factor: number): Act {
  return {
    intervention: { type: "demand", entity, factor },
    edit: editSpec((spec) => ({
      ...spec,
      databases: (spec.databases ?? []).map((one) =>
        one.name === entity ? timesPace(one, factor) : one,
      ),
      services: spec.services.map((one) =>
        one.name === entity
          ? { ...one, builds: { ...one.builds, [VERSION.before]: { cpuFactor: factor } } }
          : one,
      ),
    })),
  };
}

function linkAct(
  intervention: Extract<Intervention, { type: "pool" | "timeout" | "retries" }>,
): Act {
  const change = (): LinkSpec => {
    switch (intervention.type) {
      case "pool":
        return { poolSize: intervention.size };
      case "timeout":
        return { timeoutMs: intervention.ms };
      case "retries":
        return { retries: intervention.count };
    }
  };
  return { intervention, edit: editSpec((spec) => withLink(spec, intervention, change())) };
}

/** The warmest services, whose capacity matters. */
function warmest(system: BenchSystem): readonly string[] {
  return [...system.busy].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

/** What is used less than this, calls a second, is not asked about: nobody could see it. */
const USED_MIN = 0.3;

function linksIn({ links }: BenchSystem, to: (name: string) => boolean) {
  return [...links].flatMap(([link, rate]) => {
    const [from = "", callee = ""] = link.split(" ");
    return rate >= USED_MIN && to(callee) ? [{ from, to: callee }] : [];
  });
}

const isDatabase = (name: string): boolean => name.startsWith("db-");

function anyLinkActs(system: BenchSystem, random: Random): readonly Act[] {
  const toDatabase = pick(random, linksIn(system, isDatabase));
  const toService = pick(
    random,
    linksIn(system, (name) => !isDatabase(name)),
  );
  return [
    ...(toDatabase === undefined ? [] : [linkAct({ type: "pool", ...toDatabase, size: 1 })]),
    ...(toService === undefined
      ? []
      : [
          linkAct({ type: "retries", ...toService, count: 3 }),
          linkAct({ type: "timeout", ...toService, ms: 100 + Math.floor(random() * 10) * 50 }),
        ]),
  ];
}

/** What is asked of a system that is well. */
function capacityActs(system: BenchSystem, random: Random): readonly (readonly Act[])[] {
  const { spec, rates } = system;
  const [warm = "", second = ""] = warmest(system);
  const replicas = (name: string): number =>
    spec.services.find((one) => one.name === name)?.hosts.length ?? 1;
  const operation = pick(random, spec.load)?.operation ?? "";
  const host = pick(random, spec.hosts)?.name ?? "";
  const used = (spec.databases ?? []).filter(({ name }) => (rates.get(name) ?? 0) >= USED_MIN);
  const database = pick(random, used)?.name ?? "";
  return [
    [loadAct(1.3)],
    [loadAct(1.6)],
    [loadAct(0.6)],
    [loadAct(2, operation)],
    [scaleAct(warm, replicas(warm) * 2)],
    ...(replicas(second) > 1 ? [[scaleAct(second, replicas(second) - 1)]] : []),
    [drainAct(host)],
    [shedAct(0.3)],
    ...(database === "" ? [] : [[demandAct(database, 1.6)]]),
    [demandAct(warm, 1.3)],
    ...anyLinkActs(system, random).map((act) => [act]),
    [{ intervention: { type: "restart", entity: warm }, edit: (outcome: Outcome) => outcome }],
    [loadAct(1.4), scaleAct(warm, replicas(warm) + 2)],
    [loadAct(1.5), scaleAct(second, replicas(second) * 2)],
  ];
}

/** Undoes the incident, whatever it is. */
function repairAct(incident: BenchIncident): Act {
  const edit = editSpec((spec) => withoutIncident(spec, incident));
  return incident.type === "deploy"
    ? {
        intervention: {
          type: "rollback",
          entity: incident.service,
          to_version: VERSION.before,
        },
        edit,
      }
    : { intervention: { type: "flag", flag: FLAG.key, variant: FLAG.off }, edit };
}

function incidentActs(
  system: BenchSystem,
  incident: BenchIncident,
  random: Random,
): readonly (readonly Act[])[] {
  const { spec } = system;
  const own = spec.services.find((one) => one.name === incident.service)?.hosts.length ?? 1;
  const other = warmest(system).find((name) => name !== incident.service) ?? "";
  const others = spec.services.find((one) => one.name === other)?.hosts.length ?? 1;
  const caller = pick(
    random,
    linksIn(system, (name) => name === incident.service),
  );
  return [
    [repairAct(incident)],
    [scaleAct(incident.service, own * 2)],
    [shedAct(0.3)],
    [loadAct(1.3)],
    [loadAct(0.6)],
    [scaleAct(other, others * 2)],
    [repairAct(incident), loadAct(1.2)],
    ...(caller === undefined ? [] : [[linkAct({ type: "retries", ...caller, count: 3 })]]),
  ];
}

/** The specification in which the incident has happened. */
export function withIncident(spec: SystemSpec, incident: BenchIncident): SystemSpec {
  if (incident.type === "flag") {
    const variants = { [FLAG.off]: {}, [FLAG.on]: incident.behaviour };
    const flags = [{ key: FLAG.key, service: incident.service, variants }];
    return { ...spec, flags };
  }
  return withService(spec, incident.service, (service) => ({
    ...service,
    builds: { ...service.builds, [VERSION.after]: incident.behaviour },
  }));
}

/** Only where the truth is simulated from its beginning: the incident is in force from there. */
function inForce(spec: SystemSpec, incident: BenchIncident): SystemSpec {
  const behaviour = incident.behaviour;
  return withService(spec, incident.service, (service) => ({
    ...service,
    builds: { ...service.builds, [service.version]: behaviour },
  }));
}

function withoutIncident(spec: SystemSpec, incident: BenchIncident): SystemSpec {
  return withService(spec, incident.service, (service) => {
    const { builds: _, ...rest } = service;
    return rest;
  });
}

/** What befell a system: nothing, a bad version, or a flag. */
export function incidentOf(system: BenchSystem): BenchIncident | undefined {
  const random = randomStream(system.seed, "what-if incident");
  if (random() < 0.5) return undefined;
  const candidates = [...system.busy].filter(([, busy]) => busy > 0.15 && busy < 0.5);
  const [service = "svc-1", busy = 0.3] = pick(random, candidates) ?? [];
  const behaviours: readonly Behaviour[] = [
    { cpuFactor: Math.min(2.2, 0.8 / busy) },
    { cpuFactor: 1 + 0.5 * Math.min(1, 0.4 / busy) },
    { waitFactor: 3 + 5 * random() },
    { errorShare: 0.08 + 0.2 * random() },
  ];
  const behaviour = pick(random, behaviours) ?? {};
  return { type: random() < 0.75 ? "deploy" : "flag", service, behaviour };
}

/** The questions of a system, the first of them what happens when nothing is done. */
export function questionsOf(
  system: BenchSystem,
  incident: BenchIncident | undefined,
): readonly BenchQuestion[] {
  const random = randomStream(system.seed, "what-if questions");
  const base: Outcome = {
    spec: incident === undefined ? system.spec : inForce(system.spec, incident),
    load: {},
  };
  const acts =
    incident === undefined ? capacityActs(system, random) : incidentActs(system, incident, random);
  const nothing: Act = { intervention: { type: "none" }, edit: (outcome) => outcome };
  return [[nothing], ...acts].map((all, at) => ({
    id: `q${at + 1}`,
    interventions: all.map((one) => one.intervention),
    outcome: all.reduce((outcome, one) => one.edit(outcome), base),
  }));
}

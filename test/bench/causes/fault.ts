import type { Dice } from "../../../src/simulator/dice.ts";
import type { Intervention } from "../../../src/simulator/intervention.ts";
import { meanOf } from "../../../src/simulator/random.ts";
import type { CallSpec, ServiceSpec, SystemSpec } from "../../../src/simulator/system-spec.ts";

/** What goes wrong, as often as real incidents are of such a kind, roughly. */
export const KINDS = {
  none: 12,
  cpu: 9,
  wait: 9,
  errors: 8,
  masked: 6,
  replica: 7,
  throttled: 4,
  crash: 4,
  host: 6,
  "link-delay": 6,
  "link-loss": 5,
  pool: 5,
  store: 6,
  lock: 5,
  surge: 8,
  outside: 4,
  leak: 5,
  "more-calls": 4,
  query: 4,
  stopped: 2,
  two: 3,
} as const;
export type Kind = keyof typeof KINDS;

/** A fault ready to happen. */
export interface Fault {
  readonly kind: Kind;
  /** What happens at the onset, and after so many milliseconds. */
  readonly steps: readonly { readonly afterMs: number; readonly intervention: Intervention }[];
  readonly roots: readonly { readonly entity: string; readonly aliases: readonly string[] }[];
  /** The service whose deploy or setting it is: its change is guilty. */
  readonly changed?: string;
}

export interface Known {
  readonly spec: SystemSpec;
  /** Instances by service, as the simulation names them. */
  readonly instances: ReadonlyMap<
    string,
    readonly { readonly id: string; readonly host: string }[]
  >;
}

const now = (intervention: Intervention) => ({ afterMs: 0, intervention });
const root = (entity: string, aliases: readonly string[] = []) => ({ entity, aliases });

function callsOf(service: ServiceSpec): readonly CallSpec[] {
  return service.operations.flatMap(({ steps }) => (steps ?? []).flat());
}

/** Services that requests visit often, the entry left out. */
function visited({ spec }: Known): readonly ServiceSpec[] {
  const entry = spec.load[0]?.service;
  const called = new Set(spec.services.flatMap((one) => callsOf(one).map(({ to }) => to)));
  return spec.services.filter(({ name }) => name !== entry && called.has(name));
}

function deploy(service: string, dice: Dice, behaviour: object): Intervention {
  return { type: "deploy", service, version: `9.${dice.whole(0, 40)}.0`, behaviour };
}

function changedService(kind: "cpu" | "wait", known: Known, dice: Dice): Fault | undefined {
  const service = dice.one(visited(known));
  if (service === undefined) return undefined;
  const wait = meanOf(service.operations[0]?.wait) || 1;
  const behaviour =
    kind === "cpu"
      ? { cpuFactor: dice.between(3, 9) }
      : { waitFactor: (wait + dice.between(30, 200)) / wait };
  return {
    kind,
    steps: [now(deploy(service.name, dice, behaviour))],
    roots: [root(service.name)],
    changed: service.name,
  };
}

function failing(kind: "errors" | "masked", known: Known, dice: Dice): Fault | undefined {
  const retried = (name: string): boolean =>
    known.spec.services.some((one) => (one.links?.[name]?.retries ?? 0) > 0);
  const candidates = visited(known).filter(({ name }) => retried(name) === (kind === "masked"));
  const service = dice.one(candidates);
  if (service === undefined) return undefined;
  const errorShare = kind === "masked" ? dice.between(0.12, 0.45) : dice.between(0.06, 0.4);
  return {
    kind,
    steps: [now(deploy(service.name, dice, { errorShare }))],
    roots: [root(service.name)],
    changed: service.name,
  };
}

function oneReplica(
  kind: "replica" | "throttled" | "crash",
  known: Known,
  dice: Dice,
): Fault | undefined {
  const service = dice.one(
    visited(known).filter(({ name }) => (known.instances.get(name)?.length ?? 0) > 1),
  );
  const instance = dice.one(known.instances.get(service?.name ?? "") ?? [])?.id;
  if (service === undefined || instance === undefined) return undefined;
  const intervention: Intervention =
    kind === "replica"
      ? { type: "slow-instance", instance, factor: dice.between(4, 12) }
      : kind === "crash"
        ? { type: "stop", service: service.name, instance }
        : {
            type: "ration",
            instance,
            pausedMs: dice.whole(120, 450),
            runningMs: dice.whole(60, 150),
          };
  return { kind, steps: [now(intervention)], roots: [root(instance, [service.name])] };
}

function host(known: Known, dice: Dice): Fault | undefined {
  const used = [...known.instances.values()].flat().map((one) => one.host);
  const busy = [...new Set(used)].filter((name) => used.filter((one) => one === name).length > 1);
  const name = dice.one(busy);
  if (name === undefined) return undefined;
  return {
    kind: "host",
    steps: [now({ type: "slow-host", host: name, factor: dice.between(3, 8) })],
    roots: [root(name)],
  };
}

/** Pairs of caller and callee that pass `accepts`. */
function links(
  { spec }: Known,
  accepts: (callee: string, caller: ServiceSpec) => boolean,
): readonly { readonly caller: string; readonly callee: string }[] {
  return spec.services.flatMap((caller) =>
    [...new Set(callsOf(caller).map(({ to }) => to))]
      .filter((callee) => accepts(callee, caller))
      .map((callee) => ({ caller: caller.name, callee })),
  );
}

function link(
  kind: "link-delay" | "link-loss" | "pool",
  known: Known,
  dice: Dice,
): Fault | undefined {
  const services = new Set(known.spec.services.map(({ name }) => name));
  const found = dice.one(
    links(known, (callee, caller) =>
      kind === "pool"
        ? caller.links?.[callee]?.poolSize !== undefined
        : services.has(callee) &&
          (kind === "link-delay" || caller.links?.[callee]?.timeoutMs !== undefined),
    ),
  );
  if (found === undefined) return undefined;
  const { caller, callee } = found;
  const intervention: Intervention =
    kind === "pool"
      ? {
          type: "setting",
          service: caller,
          setting: `pool-${callee}`,
          value: dice.chance(0.6) ? "1" : "2",
        }
      : kind === "link-delay"
        ? { type: "delay", caller, callee, ms: dice.between(20, 150) }
        : { type: "loss", caller, callee, share: dice.between(0.04, 0.2) };
  const entity = `${caller}->${callee}`;
  return {
    kind,
    steps: [now(intervention)],
    roots: [root(entity)],
    ...(kind === "pool" ? { changed: caller } : {}),
  };
}

function store(kind: "store" | "lock", known: Known, dice: Dice): Fault | undefined {
  const called = new Set(known.spec.services.flatMap((one) => callsOf(one).map(({ to }) => to)));
  const locking = new Set(
    known.spec.services.flatMap((one) =>
      callsOf(one).flatMap(({ to, what }) => (what === "UPDATE row" ? [to] : [])),
    ),
  );
  const database = dice.one(
    (known.spec.databases ?? []).filter(({ name }) =>
      (kind === "lock" ? locking : called).has(name),
    ),
  )?.name;
  if (database === undefined) return undefined;
  const intervention: Intervention =
    kind === "store"
      ? { type: "pace", of: database, factor: dice.between(5, 25) }
      : {
          type: "lock",
          database,
          table: "rows",
          heldMs: dice.between(100, 700),
          freeMs: dice.between(20, 200),
        };
  return { kind, steps: [now(intervention)], roots: [root(database)] };
}

function surge(known: Known, dice: Dice): Fault | undefined {
  const { load } = known.spec;
  const all = dice.chance(0.4);
  const one = dice.one(load);
  if (one === undefined) return undefined;
  const factor = dice.between(1.6, 4);
  return {
    kind: "surge",
    steps: [now({ type: "load", factor, ...(all ? {} : { operation: one.operation }) })],
    roots: (all ? load : [one])
      .slice(0, 1)
      .map(({ operation, service }) =>
        root(`traffic:${operation}`, [
          "traffic",
          `traffic:${service}`,
          ...(all ? load.map((other) => `traffic:${other.operation}`) : []),
        ]),
      ),
  };
}

function outside(known: Known, dice: Dice): Fault | undefined {
  const name = known.spec.externals?.[0]?.name;
  if (name === undefined) return undefined;
  const intervention: Intervention = dice.chance(0.6)
    ? { type: "pace", of: name, factor: dice.between(4, 20) }
    : { type: "failing", external: name, share: dice.between(0.1, 0.6) };
  return { kind: "outside", steps: [now(intervention)], roots: [root(name)] };
}

/** Every five seconds all instances become slower. */
function leak(known: Known, dice: Dice): Fault | undefined {
  const service = dice.one(visited(known));
  if (service === undefined) return undefined;
  const each = dice.between(1.06, 1.16);
  const instances = known.instances.get(service.name) ?? [];
  const steps = Array.from({ length: 60 }, (_, at) =>
    instances.map(({ id }) => ({
      afterMs: at * 5_000,
      intervention: {
        type: "slow-instance",
        instance: id,
        factor: Math.min(30, each ** (at + 1)),
      } as const,
    })),
  ).flat();
  return {
    kind: "leak",
    steps,
    roots: [root(service.name)],
  };
}

function asksStore(kind: "more-calls" | "query", known: Known, dice: Dice): Fault | undefined {
  const databases = new Set((known.spec.databases ?? []).map(({ name }) => name));
  const pairs = links(known, (callee) => databases.has(callee));
  const found = dice.one(pairs);
  if (found === undefined) return undefined;
  const { caller, callee } = found;
  const behaviour =
    kind === "query"
      ? { calleeFactor: { [callee]: dice.between(8, 40) } }
      : {
          extraCalls: Array.from({ length: dice.whole(8, 25) }, () => ({
            to: callee,
            what: "SELECT row",
          })),
        };
  return {
    kind,
    steps: [now(deploy(caller, dice, behaviour))],
    roots: [root(caller)],
    changed: caller,
  };
}

function stopped(known: Known, dice: Dice): Fault | undefined {
  const service = dice.one(visited(known))?.name;
  if (service === undefined) return undefined;
  const instances = (known.instances.get(service) ?? []).map(({ id }) => id);
  return {
    kind: "stopped",
    steps: [now({ type: "stop", service })],
    roots: [root(service, instances)],
  };
}

function two(known: Known, dice: Dice): Fault | undefined {
  const first = changedService("wait", known, dice);
  const second = store("store", known, dice) ?? changedService("cpu", known, dice);
  if (first === undefined || second === undefined) return undefined;
  if (first.roots[0]?.entity === second.roots[0]?.entity) return undefined;
  return {
    kind: "two",
    steps: [...first.steps, ...second.steps],
    roots: [...first.roots, ...second.roots],
    ...(first.changed === undefined ? {} : { changed: first.changed }),
  };
}

/** A fault of a kind in a system; undefined when the system has no place for it. */
export function faultOf(kind: Kind, known: Known, dice: Dice): Fault | undefined {
  switch (kind) {
    case "none":
      return { kind, steps: [], roots: [] };
    case "cpu":
    case "wait":
      return changedService(kind, known, dice);
    case "errors":
    case "masked":
      return failing(kind, known, dice);
    case "replica":
    case "throttled":
    case "crash":
      return oneReplica(kind, known, dice);
    case "host":
      return host(known, dice);
    case "link-delay":
    case "link-loss":
    case "pool":
      return link(kind, known, dice);
    case "store":
    case "lock":
      return store(kind, known, dice);
    case "surge":
      return surge(known, dice);
    case "outside":
      return outside(known, dice);
    case "leak":
      return leak(known, dice);
    case "more-calls":
    case "query":
      return asksStore(kind, known, dice);
    case "stopped":
      return stopped(known, dice);
    case "two":
      return two(known, dice);
  }
}

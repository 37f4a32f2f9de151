import { meanOf, type Random, randomStream } from "../../../src/simulator/random.ts";
import { randomSystem } from "../../../src/simulator/random-system.ts";
import type {
  CallSpec,
  HostSpec,
  LinkSpec,
  ServiceSpec,
  SystemSpec,
} from "../../../src/simulator/system-spec.ts";

/** A random system of about thirty services with capacity limits, some of its stations warm, none of them hot. */
export interface BenchSystem {
  readonly seed: number;
  readonly spec: SystemSpec;
  /** Share of its places' time in which each service works, in the mean. */
  readonly busy: ReadonlyMap<string, number>;
  /** Calls a second of each service and database. */
  readonly rates: ReadonlyMap<string, number>;
  /** Calls a second by `CALLER CALLEE`. */
  readonly links: ReadonlyMap<string, number>;
}

/** Seeds of systems to develop on, and those that nothing was ever developed on: they never meet. */
export const SEEDS = { dev: 1_000, "hold-out": 900_000 } as const;

/** No service is busier than this before anything happens. */
const BUSY_MAX = 0.7;

const between = (random: Random, low: number, high: number): number =>
  low + (high - low) * random();
const whole = (random: Random, low: number, high: number): number =>
  Math.floor(between(random, low, high + 1));

/** Requests a second of every service, and of every database, when all operations are asked as specified. */
function ratesOf(spec: SystemSpec): {
  readonly operations: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, number>;
  readonly links: ReadonlyMap<string, number>;
} {
  const steps = new Map<string, readonly (readonly CallSpec[])[]>(
    spec.services.flatMap(({ name, operations }) =>
      operations.map((one) => [`${name} ${one.name}`, one.steps ?? []] as const),
    ),
  );
  const operations = new Map<string, number>();
  const names = new Map<string, number>();
  const links = new Map<string, number>();
  const visit = (name: string, what: string, perSecond: number): void => {
    const key = `${name} ${what}`;
    names.set(name, (names.get(name) ?? 0) + perSecond);
    operations.set(key, (operations.get(key) ?? 0) + perSecond);
    for (const call of (steps.get(key) ?? []).flat()) {
      const calls = perSecond * (call.share ?? 1);
      const link = `${name} ${call.to}`;
      links.set(link, (links.get(link) ?? 0) + calls);
      visit(call.to, call.what, calls);
    }
  };
  for (const { service, operation, perSecond } of spec.load) visit(service, operation, perSecond);
  return { operations, names, links };
}

function coresOf(spec: SystemSpec, service: ServiceSpec): number {
  const { operations } = ratesOf(spec);
  const factor = service.builds?.[service.version]?.cpuFactor ?? 1;
  return service.operations.reduce((cores, { name, cpu }) => {
    const perSecond = operations.get(`${service.name} ${name}`) ?? 0;
    return cores + (factor * perSecond * meanOf(cpu)) / 1000;
  }, 0);
}

/** All links of a service are as patient, and try as often: what operators set once for a client. */
function linksOf(random: Random, service: ServiceSpec): Readonly<Record<string, LinkSpec>> {
  const timeoutMs = whole(random, 10, 40) * 100;
  const retries = whole(random, 0, 2);
  const poolSize = random() < 0.5 ? 4 : 8;
  return Object.fromEntries(
    Object.keys(service.links ?? {}).map((callee) => [
      callee,
      callee.startsWith("db-")
        ? { poolSize }
        : { timeoutMs, retries, backoffMs: whole(random, 10, 60) },
    ]),
  );
}

function slower(service: ServiceSpec, factor: number): ServiceSpec {
  const times = (timing: unknown): unknown =>
    typeof timing === "number"
      ? timing * factor
      : { ...(timing as object), ms: (timing as { ms: number }).ms * factor };
  return {
    ...service,
    operations: service.operations.map((one) => ({
      ...one,
      ...(one.cpu === undefined ? {} : { cpu: times(one.cpu) as number }),
      ...(one.wait === undefined ? {} : { wait: times(one.wait) as number }),
    })),
  };
}

/** The system of a seed. */
export function benchSystem(seed: number): BenchSystem {
  const random = randomStream(seed, "what-if system");
  const base = randomSystem({
    seed,
    services: whole(random, 22, 34),
    perSecond: between(random, 50, 100),
  });
  const factor = between(random, 1.5, 3.5);
  const scaled: SystemSpec = { ...base, services: base.services.map((one) => slower(one, factor)) };
  const sized = scaled.services.map((service, at) => {
    const cores = coresOf(scaled, service);
    const limited = random() < 0.8;
    const target = random() < 0.25 ? between(random, 0.5, 0.7) : between(random, 0.25, 0.5);
    const wanted = Math.max(at === 0 ? 2 : 1, Math.round(cores / target));
    const replicas = Math.max(wanted, Math.ceil(cores / BUSY_MAX));
    return { service, cores, replicas, limited, links: linksOf(random, service) };
  });
  const total = sized.reduce((sum, { cores }) => sum + cores, 0);
  const cores = random() < 0.5 ? 4 : 8;
  const count = Math.max(4, Math.ceil(total / between(random, 0.35, 0.55) / cores));
  const hosts = Array.from(
    { length: count },
    (_, at): HostSpec => ({
      name: `node-${seed % 1000}-${at}`,
      zone: `zone-${at % 3}`,
      cores,
      clockSkewMs: between(random, -2, 2),
    }),
  );
  const hostAt = (at: number): string => hosts[at % count]?.name ?? "";
  let next = 0;
  const services = sized.map(({ service, replicas, limited, links }): ServiceSpec => {
    next += replicas;
    const { workers, ...rest } = service;
    const hasWorkers = random() < 0.7;
    const count = service.name === "svc-0" ? 512 : 32;
    return {
      ...rest,
      hosts: Array.from({ length: replicas }, (_, at) => hostAt(next - at)),
      ...(hasWorkers && workers !== undefined ? { workers: { ...workers, count } } : {}),
      ...(limited ? { cpuLimitCores: 1 } : {}),
      links,
    };
  });
  const spec: SystemSpec = {
    ...scaled,
    name: `whatif-${seed}`,
    hosts,
    services,
    databases: (scaled.databases ?? []).map((one, at) => ({ ...one, host: hostAt(at * 2 + 1) })),
  };
  const { names, links } = ratesOf(spec);
  return { seed, spec, busy: busyOf(spec), rates: names, links };
}

/** Share of its places' time that each service is asked for; above 1 it cannot do what it is asked. */
export function busyOf(
  spec: SystemSpec,
  load: Readonly<Record<string, number>> = {},
): ReadonlyMap<string, number> {
  const asked: SystemSpec = {
    ...spec,
    load: spec.load.map((one) => ({
      ...one,
      perSecond: one.perSecond * (load[one.operation] ?? load[""] ?? 1),
    })),
  };
  const cores = new Map(spec.hosts.map((host) => [host.name, host.cores]));
  return new Map(
    spec.services.map((service) => {
      const places = service.hosts.reduce(
        (sum, host) => sum + (service.cpuLimitCores ?? cores.get(host) ?? 1),
        0,
      );
      return [service.name, coresOf(asked, service) / places] as const;
    }),
  );
}

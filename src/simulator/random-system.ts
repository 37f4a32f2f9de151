import { Dice } from "./dice.ts";
import { meanOf, randomStream } from "./random.ts";
import type {
  CallSpec,
  DatabaseSpec,
  HostSpec,
  LinkSpec,
  LoadSpec,
  OperationSpec,
  ServiceSpec,
  SystemSpec,
} from "./system-spec.ts";

export interface RandomSystemOptions {
  readonly seed: number;
  /** 10 to 40 make systems as teams have them. Default: drawn. */
  readonly services?: number;
  /** Requests per second of all entry operations together. Default 30. */
  readonly perSecond?: number;
}

const LAYERS = 5;
const CORES = 4;
const ENTRY = "svc-0";
/** Hosts are that busy in the mean; the hottest services have few places to spare. */
const HOST_BUSY = 0.35;
const REPLICA_BUSY = 0.45;

interface Draft {
  readonly name: string;
  readonly layer: number;
  readonly operations: OperationSpec[];
}

/** A layered system of services: one entry, calls only to deeper layers, some shared databases. The same for one seed. */
export function randomSystem(options: RandomSystemOptions): SystemSpec {
  const dice = new Dice(randomStream(options.seed, "random system"));
  const count = options.services ?? dice.whole(10, 40);
  const databases = randomDatabases(dice, Math.max(2, Math.round(count / 7)));
  const drafts = randomDrafts(dice, count, databases);
  const load = randomLoad(dice, drafts, options.perSecond ?? 30);
  const cpu = cpuCores(drafts, load);
  const total = [...cpu.values()].reduce((sum, cores) => sum + cores, 0);
  const hosts = randomHosts(dice, Math.max(3, Math.ceil(total / HOST_BUSY / CORES)));
  const services = drafts.map((draft) =>
    placed(dice, draft, { cores: cpu.get(draft.name) ?? 0, hosts }),
  );
  return {
    name: `random-${options.seed}`,
    hosts,
    services,
    databases: databases.map((one, at) => ({
      ...one,
      host: hosts[at % hosts.length]?.name ?? one.host,
    })),
    load,
  };
}

function randomDatabases(dice: Dice, count: number): readonly DatabaseSpec[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `db-${at}`,
    host: "host-0",
    workers: dice.whole(8, 24),
    statements: {
      "SELECT row": { time: { ms: dice.between(1, 4), cv: 0.7 } },
      "SELECT list": { time: { ms: dice.between(3, 9), cv: 1 } },
      "UPDATE row": { time: { ms: dice.between(2, 5) }, lock: { table: "rows", rows: 64 } },
    },
  }));
}

function randomDrafts(
  dice: Dice,
  count: number,
  databases: readonly DatabaseSpec[],
): readonly Draft[] {
  const drafts: Draft[] = Array.from({ length: count }, (_, at) => ({
    name: `svc-${at}`,
    layer: at === 0 ? 0 : 1 + Math.floor(((at - 1) * (LAYERS - 1)) / (count - 1)),
    operations: [],
  }));
  // From the deepest layer up, so that callees have their operations already.
  for (const draft of drafts.toReversed()) {
    const deeper = drafts.filter(({ layer }) => layer > draft.layer && layer <= draft.layer + 2);
    const operations = draft.layer === 0 ? 3 : dice.whole(1, 2);
    for (let at = 0; at < operations; at += 1)
      draft.operations.push(randomOperation(dice, { draft, at, deeper, databases }));
  }
  return drafts;
}

function randomOperation(
  dice: Dice,
  from: {
    readonly draft: Draft;
    readonly at: number;
    readonly deeper: readonly Draft[];
    readonly databases: readonly DatabaseSpec[];
  },
): OperationSpec {
  const { draft, at, deeper, databases } = from;
  const calls = dice.some(deeper, draft.layer === 0 ? 2 : dice.whole(0, 2)).map(
    (callee): CallSpec => ({
      to: callee.name,
      what: dice.some(callee.operations, 1)[0]?.name ?? "",
      ...(dice.chance(0.25) ? { share: dice.between(0.3, 0.9) } : {}),
    }),
  );
  const steps = calls.length > 1 && dice.chance(0.4) ? [calls] : calls.map((call) => [call]);
  const usesStore = draft.layer > 0 && dice.chance(0.45);
  const query = dice
    .some(databases, usesStore ? 1 : 0)
    .map((database): readonly CallSpec[] => [
      { to: database.name, what: dice.some(Object.keys(database.statements), 1)[0] ?? "" },
    ]);
  return {
    name: `${dice.chance(0.7) ? "GET" : "POST"} /${draft.name}/${at}`,
    cpu: { ms: dice.between(1, 7), cv: dice.between(0.4, 1.2) },
    wait: { ms: dice.between(0.5, 6), cv: 0.5 },
    steps: [...steps, ...query],
  };
}

function randomLoad(dice: Dice, drafts: readonly Draft[], perSecond: number): readonly LoadSpec[] {
  const entry = drafts.find(({ name }) => name === ENTRY)?.operations ?? [];
  const weights = entry.map(() => dice.between(0.5, 1.5));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return entry.map((operation, at) => ({
    service: ENTRY,
    operation: operation.name,
    perSecond: (perSecond * (weights[at] ?? 1)) / sum,
  }));
}

/** Cores that each service uses in the mean, from the visits of each request. */
function cpuCores(
  drafts: readonly Draft[],
  load: readonly LoadSpec[],
): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  const operations = new Map(
    drafts.flatMap(({ name, operations }) =>
      operations.map((operation) => [`${name} ${operation.name}`, operation] as const),
    ),
  );
  const visit = (service: string, name: string, perSecond: number): void => {
    const operation = operations.get(`${service} ${name}`);
    if (operation === undefined) return;
    const cores = (perSecond * meanOf(operation.cpu)) / 1000;
    used.set(service, (used.get(service) ?? 0) + cores);
    for (const call of (operation.steps ?? []).flat())
      visit(call.to, call.what, perSecond * (call.share ?? 1));
  };
  for (const { service, operation, perSecond } of load) visit(service, operation, perSecond);
  return used;
}

function randomHosts(dice: Dice, count: number): readonly HostSpec[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `host-${at}`,
    zone: `zone-${at % 3}`,
    cores: CORES,
    clockSkewMs: dice.between(-2, 2),
  }));
}

function placed(
  dice: Dice,
  draft: Draft,
  at: { readonly cores: number; readonly hosts: readonly HostSpec[] },
): ServiceSpec {
  const replicas = Math.max(
    draft.layer === 0 ? 2 : dice.whole(1, 3),
    Math.ceil(at.cores / REPLICA_BUSY),
  );
  const first = dice.whole(0, at.hosts.length - 1);
  const callees = new Set(
    draft.operations.flatMap(({ steps }) => (steps ?? []).flat().map((call) => call.to)),
  );
  return {
    name: draft.name,
    version: "1.0.0",
    hosts: Array.from(
      { length: replicas },
      (_, replica) => at.hosts[(first + replica) % at.hosts.length]?.name ?? "host-0",
    ),
    workers: { count: draft.layer === 0 ? 128 : dice.whole(8, 32) },
    gc: { everyRequests: dice.whole(300, 900), pause: { ms: dice.between(8, 30), cv: 0.4 } },
    balancing: dice.chance(0.5) ? "power-of-two" : "round-robin",
    operations: draft.operations,
    links: Object.fromEntries([...callees].map((callee) => [callee, randomLink(dice, callee)])),
  };
}

function randomLink(dice: Dice, callee: string): LinkSpec {
  if (callee.startsWith("db-")) return { poolSize: dice.whole(6, 16) };
  return {
    timeoutMs: dice.whole(10, 40) * 100,
    retries: dice.whole(0, 2),
    backoffMs: dice.whole(10, 60),
    ...(dice.chance(0.3) ? { poolSize: dice.whole(16, 48) } : {}),
  };
}

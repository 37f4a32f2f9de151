import type { Intervention, Mishap, Operation } from "./intervention.ts";
import type { LoadCounts } from "./load.ts";
import { Mishaps } from "./mishaps.ts";
import { Operations } from "./operations.ts";
import type { SimulatedChange, Sink } from "./records.ts";
import { System } from "./system.ts";
import type { SystemSpec } from "./system-spec.ts";
import { UtilisationMeter } from "./utilisation.ts";

export interface SimulationOptions {
  /** The same specification, seed and interventions give the same records, to the last digit. */
  readonly seed: number;
  /** Epoch milliseconds of the beginning. Default 0. */
  readonly originMs?: number;
  readonly sink: Sink;
  /** Utilisation is sampled this often; 0 (default): never. */
  readonly sampleEveryMs?: number;
}

/** A system of services in virtual time. It knows nothing of who watches it. */
export interface Simulation {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Events that have happened. */
  readonly events: number;
  /** Lets time pass. */
  runUntil(epochMs: number): void;
  /** Does something to the system now. Errors: `OperationError` when it names what does not exist. */
  operate(operation: Operation, author?: string): SimulatedChange;
  /** An operation or a mishap, now. */
  intervene(intervention: Intervention, author?: string): void;
  /** The same at a later time; what fails then ends `runUntil` with its error. */
  at(epochMs: number, intervention: Intervention, author?: string): void;
  /** Requests of all entry operations. */
  counts(): Readonly<LoadCounts>;
  /** Versions, instances, flags and settings as they are. */
  state(): SystemState;
}

export interface SystemState {
  readonly services: readonly {
    readonly service: string;
    readonly version: string;
    readonly instances: readonly {
      readonly id: string;
      readonly version: string;
      readonly host: string;
    }[];
    readonly settings: Readonly<Record<string, string>>;
    /** Most concurrent calls by callee, where there is a limit. */
    readonly limits: Readonly<Record<string, number>>;
  }[];
  readonly flags: Readonly<Record<string, string>>;
}

const MISHAPS: ReadonlySet<string> = new Set<Mishap["type"]>([
  "load",
  "slow-host",
  "slow-instance",
  "ration",
  "stop",
  "delay",
  "loss",
  "pace",
  "failing",
  "lock",
]);
const isMishap = (one: Intervention): one is Mishap => MISHAPS.has(one.type);
const AUTHOR = "platform";

export function createSimulation(spec: SystemSpec, options: SimulationOptions): Simulation {
  const { sink, seed, originMs = 0, sampleEveryMs = 0 } = options;
  const system = new System(spec, { seed, originMs, sink });
  const operations = new Operations(system, (change) => sink.change?.(change));
  const mishaps = new Mishaps(system, (instance) => operations.rememberStopped(instance));
  const intervene = (intervention: Intervention, author = AUTHOR): void => {
    if (isMishap(intervention)) mishaps.run(intervention);
    else operations.run(intervention, author);
  };
  if (sampleEveryMs > 0) sampleEvery(system, sampleEveryMs, sink);
  return {
    get nowMs() {
      return originMs + system.kernel.nowMs;
    },
    get events() {
      return system.kernel.events;
    },
    runUntil: (epochMs) => system.kernel.runUntil(epochMs - originMs),
    operate: (operation, author = AUTHOR) => operations.run(operation, author),
    intervene,
    at: (epochMs, intervention, author) =>
      system.kernel.at(epochMs - originMs, () => intervene(intervention, author)),
    counts: () => totalOf(system.loads.map((load) => load.counts)),
    state: () => stateOf(system),
  };
}

function sampleEvery(system: System, everyMs: number, sink: Sink): void {
  const meter = new UtilisationMeter(system);
  const again = (): void => {
    for (const sample of meter.read()) sink.sample?.(sample);
    system.kernel.after(everyMs, again);
  };
  system.kernel.after(everyMs, again);
}

function totalOf(all: readonly LoadCounts[]): LoadCounts {
  const total: LoadCounts = { sent: 0, answered: 0, failed: 0, left: 0, open: 0 };
  for (const one of all) {
    total.sent += one.sent;
    total.answered += one.answered;
    total.failed += one.failed;
    total.left += one.left;
    total.open += one.open;
  }
  return total;
}

function stateOf(system: System): SystemState {
  return {
    services: [...system.services.values()].map((service) => ({
      service: service.name,
      version: service.version,
      instances: service.serving.map(({ id, version, host }) => ({ id, version, host: host.name })),
      settings: service.settings,
      limits: service.limits,
    })),
    flags: Object.fromEntries(
      (system.spec.flags ?? []).map(({ key }) => [key, system.flag(key)] as const),
    ),
  };
}

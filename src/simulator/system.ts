import { must } from "../assert.ts";
import { OperationError } from "../errors.ts";
import { Database } from "./database.ts";
import type { Callee, Environment } from "./environment.ts";
import { External } from "./external.ts";
import { Kernel } from "./kernel.ts";
import { Load } from "./load.ts";
import { MessageQueue, systemOf } from "./message-queue.ts";
import { Host, Network } from "./network.ts";
import { type Random, randomStream } from "./random.ts";
import type { Sink } from "./records.ts";
import { Service } from "./service.ts";
import type { Behaviour, FlagSpec, SystemSpec } from "./system-spec.ts";
import { Tracer } from "./tracer.ts";

export interface SystemOptions {
  readonly seed: number;
  /** Epoch milliseconds of the beginning. */
  readonly originMs: number;
  readonly sink: Sink;
}

function known<T>(all: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = all.get(name);
  if (found === undefined)
    throw new OperationError("entity_unknown", `there is no ${what} ${name}`);
  return found;
}

/** A specification brought to life: everything that exists, by name. */
export class System {
  readonly spec: SystemSpec;
  readonly kernel = new Kernel();
  readonly originMs: number;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly services: ReadonlyMap<string, Service>;
  readonly databases: ReadonlyMap<string, Database>;
  readonly externals: ReadonlyMap<string, External>;
  readonly queues: ReadonlyMap<string, MessageQueue>;
  readonly loads: readonly Load[];
  readonly #flags = new Map<string, string>();
  readonly #flagSpecs: ReadonlyMap<string, FlagSpec>;
  readonly #callees = new Map<string, Callee>();

  constructor(spec: SystemSpec, { seed, originMs, sink }: SystemOptions) {
    this.spec = spec;
    this.originMs = originMs;
    const { kernel } = this;
    const random = streams(seed);
    const environment: Environment = {
      kernel,
      random,
      network: new Network(spec.network, random("network")),
      tracer: new Tracer({
        kernel,
        originMs,
        sampling: spec.traceSampling ?? 1,
        random: random("traces"),
        sink,
      }),
      callee: (name) => known(this.#callees, name, "callee"),
    };
    this.hosts = byName(spec.hosts, (one) => new Host(one, kernel));
    const host = (name: string): Host => known(this.hosts, name, "host");
    this.#flagSpecs = new Map((spec.flags ?? []).map((one) => [one.key, one]));
    for (const one of spec.flags ?? []) this.#flags.set(one.key, firstVariant(one));
    this.services = byName(
      spec.services,
      (one) =>
        new Service({
          environment,
          spec: one,
          hostOf: host,
          queueSystem: systemOf(spec.queues?.[0] ?? NO_QUEUE),
          flagBehaviours: () => this.#flagBehaviours(one.name),
        }),
    );
    this.databases = byName(
      spec.databases ?? [],
      (one) => new Database(environment, one, host(one.host)),
    );
    this.externals = byName(spec.externals ?? [], (one) => new External(environment, one));
    this.queues = byName(
      spec.queues ?? [],
      (one) => new MessageQueue(environment, one, this.service(one.consumer.service)),
    );
    for (const group of [this.services, this.databases, this.externals, this.queues])
      for (const [name, callee] of group) this.#callees.set(name, callee);
    this.loads = spec.load.map(
      (one) =>
        new Load(environment, one, this.service(one.service), (request) =>
          sink.request?.({
            ...request,
            startMs: request.startMs + originMs,
            endMs: request.endMs + originMs,
          }),
        ),
    );
  }

  /** Errors of all below: `OperationError("entity_unknown")`. */
  host(name: string): Host {
    return known(this.hosts, name, "host");
  }

  service(name: string): Service {
    return known(this.services, name, "service");
  }

  database(name: string): Database {
    return known(this.databases, name, "database");
  }

  external(name: string): External {
    return known(this.externals, name, "external");
  }

  flag(key: string): string {
    return known(this.#flags, key, "flag");
  }

  flagSpec(key: string): FlagSpec {
    return known(this.#flagSpecs, key, "flag");
  }

  setFlag(key: string, variant: string): void {
    const spec = this.flagSpec(key);
    if (spec.variants[variant] === undefined)
      throw new OperationError("variant_unknown", `the flag ${key} has no variant ${variant}`);
    this.#flags.set(key, variant);
    this.service(spec.service).replan();
  }

  #flagBehaviours(service: string): readonly Behaviour[] {
    return [...this.#flagSpecs.values()]
      .filter((one) => one.service === service)
      .map((one) => must(one.variants[this.flag(one.key)], "a flag has its variant"));
  }
}

const NO_QUEUE = { name: "", consumer: { service: "", operation: "" }, perInstance: 1 };

function firstVariant({ key, variants }: FlagSpec): string {
  const [first] = Object.keys(variants);
  if (first === undefined)
    throw new OperationError("flag_invalid", `the flag ${key} has no variant`);
  return first;
}

/** One stream for each label, the same one whenever it is asked for. */
function streams(seed: number): (label: string) => Random {
  const made = new Map<string, Random>();
  return (label) => {
    const stream = made.get(label) ?? randomStream(seed, label);
    made.set(label, stream);
    return stream;
  };
}

function byName<Spec extends { readonly name: string }, Made>(
  specs: readonly Spec[],
  make: (spec: Spec) => Made,
): ReadonlyMap<string, Made> {
  return new Map(specs.map((spec) => [spec.name, make(spec)]));
}

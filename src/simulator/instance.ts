import type { Environment } from "./environment.ts";
import type { Task } from "./kernel.ts";
import { Link, type LinkSettings } from "./link.ts";
import type { Host } from "./network.ts";
import type { Plan } from "./plan.ts";
import type { ProcessorShare } from "./processor.ts";
import { type Random, type Sampler, samplerOf } from "./random.ts";
import type { SimulatedResource } from "./records.ts";
import { Slots } from "./slots.ts";
import type { Failure } from "./span-form.ts";
import type { ServiceSpec } from "./system-spec.ts";
import type { TraceContext } from "./tracer.ts";
import { Visit } from "./visit.ts";

/** A draining instance is ended after this long, whatever it still works on. */
const DRAIN_MAX_MS = 10_000;

export interface InstanceOptions {
  readonly environment: Environment;
  readonly spec: ServiceSpec;
  readonly id: string;
  readonly version: string;
  readonly host: Host;
  readonly workers: number | undefined;
  linkSettings(callee: string): LinkSettings;
}

/** One process of a service. */
export class Instance {
  readonly environment: Environment;
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly host: Host;
  readonly resource: SimulatedResource;
  readonly share: ProcessorShare;
  readonly workers: Slots | undefined;
  readonly held: "request" | "work";
  readonly waitsHidden: boolean;
  readonly random: Random;
  /** 2: waits take twice as long, too. */
  slowFactor = 1;
  isGone = false;
  readonly #linkSettings: (callee: string) => LinkSettings;
  readonly #links = new Map<string, Link>();
  readonly #visits = new Set<Visit>();
  readonly #gcPause: Sampler | undefined;
  readonly #gcEvery: number;
  #untilGc: number;
  #pausedUntilMs = 0;
  #isDraining = false;

  constructor(options: InstanceOptions) {
    const { environment, spec, id, version, host, workers } = options;
    this.environment = environment;
    this.id = id;
    this.service = spec.name;
    this.version = version;
    this.host = host;
    this.resource = resourceOf(spec.name, id, version, host);
    this.share = host.processor.add(spec.cpuLimitCores);
    this.workers = workers === undefined ? undefined : new Slots(workers);
    this.held = spec.workers?.held ?? "request";
    this.waitsHidden = (spec.workers?.wait ?? "hidden") === "hidden" && this.held === "request";
    this.random = environment.random(`instance ${id}`);
    this.#linkSettings = options.linkSettings;
    this.#gcPause = spec.gc === undefined ? undefined : samplerOf(spec.gc.pause, this.random);
    this.#gcEvery = spec.gc?.everyRequests ?? Number.POSITIVE_INFINITY;
    this.#untilGc = this.#nextGc();
  }

  /** Requests that it has in hand, in its queue too. */
  get load(): number {
    return this.#visits.size;
  }

  get links(): ReadonlyMap<string, Link> {
    return this.#links;
  }

  link(callee: string): Link {
    const known = this.#links.get(callee);
    if (known !== undefined) return known;
    const made = new Link(this.#linkSettings(callee));
    this.#links.set(callee, made);
    return made;
  }

  /** Takes a request in hand. `answer` is called when the answer leaves. */
  receive(plan: Plan, context: TraceContext, answer: (failure: Failure) => void): void {
    if (this.isGone) {
      answer("ECONNREFUSED");
      return;
    }
    const visit = new Visit(this, plan, context, answer);
    this.#visits.add(visit);
    this.whenRunning(visit.begin);
  }

  /** For a visit: it is over. */
  forget(visit: Visit): void {
    this.#visits.delete(visit);
    if (this.#isDraining && this.#visits.size === 0) this.end();
  }

  /** Runs a task as soon as the process runs. */
  whenRunning(task: Task): void {
    if (this.#pausedUntilMs <= this.environment.kernel.nowMs) task();
    else this.environment.kernel.at(this.#pausedUntilMs, () => this.whenRunning(task));
  }

  /** One more request was begun: now and then all work stops to collect garbage. */
  countForGc(): void {
    if (this.#gcPause === undefined) return;
    this.#untilGc -= 1;
    if (this.#untilGc > 0) return;
    this.#untilGc = this.#nextGc();
    this.pause(this.#gcPause.draw());
  }

  #nextGc(): number {
    return this.#gcPause === undefined
      ? Number.POSITIVE_INFINITY
      : this.#gcEvery * (0.5 + this.random());
  }

  /** Everything in the process stands still. */
  pause(ms: number): void {
    const { kernel } = this.environment;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, kernel.nowMs + ms);
    this.share.isPaused = true;
    kernel.at(this.#pausedUntilMs, () => {
      if (kernel.nowMs >= this.#pausedUntilMs) this.share.isPaused = false;
    });
  }

  slow(factor: number): void {
    this.slowFactor = factor;
    this.share.speed = 1 / factor;
  }

  /** Gets no new requests; ends when those in hand are done. */
  drain(): void {
    this.#isDraining = true;
    if (this.#visits.size === 0) this.end();
    else this.environment.kernel.after(DRAIN_MAX_MS, () => this.end());
  }

  /** Ends now. Who waits for an answer sees the connection break. */
  end(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.share.clear();
    this.host.processor.remove(this.share);
    for (const visit of [...this.#visits]) visit.abort();
    this.#visits.clear();
  }
}

function resourceOf(service: string, id: string, version: string, host: Host): SimulatedResource {
  return {
    service,
    instance: id,
    version,
    host: host.name,
    zone: host.zone,
    attributes: {
      "service.name": service,
      "service.instance.id": id,
      "service.version": version,
      "host.name": host.name,
      "cloud.availability_zone": host.zone,
    },
  };
}

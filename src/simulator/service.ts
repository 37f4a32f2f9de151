import { must } from "../assert.ts";
import { OperationError } from "../errors.ts";
import type { Attempt, Callee, Environment } from "./environment.ts";
import { Instance } from "./instance.ts";
import { type LinkSettings, linkSettings } from "./link.ts";
import type { Host } from "./network.ts";
import { type Plan, type PlanSource, planOf, planSource } from "./plan.ts";
import { calledServiceForms, type Failure, type SpanForms } from "./span-form.ts";
import type { Behaviour, ServiceSpec } from "./system-spec.ts";
import type { TraceContext } from "./tracer.ts";

/** Nobody listens: the answer is as quick as the network. */
const REFUSED_MS = 0.2;
const DEFAULT_START_MS = 2_000;

export interface ServiceOptions {
  readonly environment: Environment;
  readonly spec: ServiceSpec;
  readonly hostOf: (name: string) => Host;
  readonly queueSystem: string;
  /** What the flags of this service add now. */
  readonly flagBehaviours: () => readonly Behaviour[];
}

/** A service: its instances, its versions, and how it is set. */
export class Service implements Callee {
  readonly name: string;
  readonly poolWait = "in-span";
  readonly spec: ServiceSpec;
  /** The version that new instances get. */
  version: string;
  readonly #options: ServiceOptions;
  readonly #sources: ReadonlyMap<string, PlanSource>;
  readonly #plans = new Map<string, Plan>();
  readonly #forms = new Map<string, SpanForms>();
  readonly #builds: Map<string, Behaviour>;
  readonly #links = new Map<string, LinkSettings>();
  readonly #settings = new Map<string, string>();
  readonly #turns = new Map<Instance | undefined, number>();
  #serving: Instance[] = [];
  #made = 0;
  #workers: number | undefined;

  constructor(options: ServiceOptions) {
    const { spec, environment, hostOf, queueSystem } = options;
    this.#options = options;
    this.spec = spec;
    this.name = spec.name;
    this.version = spec.version;
    this.#workers = spec.workers?.count;
    this.#builds = new Map(Object.entries(spec.builds ?? {}));
    this.#sources = new Map(
      spec.operations.map((one) => [
        one.name,
        planSource(environment, spec.name, one, queueSystem),
      ]),
    );
    for (const [callee, link] of Object.entries(spec.links ?? {}))
      this.#links.set(callee, linkSettings(link));
    for (const [name, setting] of Object.entries(spec.settings ?? {}))
      this.#settings.set(name, setting.value);
    for (const host of spec.hosts) this.#serving.push(this.#make(hostOf(host), spec.version));
  }

  /** Instances that get requests. */
  get serving(): readonly Instance[] {
    return this.#serving;
  }

  get startMs(): number {
    return this.spec.startMs ?? DEFAULT_START_MS;
  }

  /** Host of the next replica, after those of the specification. */
  hostFor(replica: number): Host {
    const { hosts } = this.spec;
    return this.#options.hostOf(must(hosts[replica % hosts.length], "a service has a host"));
  }

  #make(host: Host, version: string): Instance {
    this.#made += 1;
    return new Instance({
      environment: this.#options.environment,
      spec: this.spec,
      id: `${this.name}-${this.#made}`,
      version,
      host,
      workers: this.#workers,
      linkSettings: (callee) => this.link(callee),
    });
  }

  /** Starts an instance; `ready` is called when it serves. */
  start(host: Host, version: string, ready: (instance: Instance) => void): void {
    this.#options.environment.kernel.after(this.startMs, () => {
      const instance = this.#make(host, version);
      this.#serving.push(instance);
      ready(instance);
    });
  }

  /** Takes an instance out of service. `now`: in the middle of its work. */
  remove(instance: Instance, now = false): void {
    this.#serving = this.#serving.filter((one) => one !== instance);
    if (now) instance.end();
    else instance.drain();
  }

  instance(id: string): Instance {
    const found = this.#serving.find((one) => one.id === id);
    if (found === undefined)
      throw new OperationError("instance_unknown", `${this.name} has no instance ${id}`);
    return found;
  }

  link(callee: string): LinkSettings {
    const known = this.#links.get(callee) ?? linkSettings();
    this.#links.set(callee, known);
    return known;
  }

  get settings(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#settings);
  }

  /** Most concurrent calls by callee, where there is a limit. */
  get limits(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#links].flatMap(([callee, { limit }]) =>
        Number.isFinite(limit) ? [[callee, limit]] : [],
      ),
    );
  }

  setting(name: string): string {
    const value = this.#settings.get(name);
    if (value === undefined)
      throw new OperationError("setting_unknown", `${this.name} has no setting ${name}`);
    return value;
  }

  set(name: string, value: string): void {
    this.setting(name);
    this.#settings.set(name, value);
    const spec = must(this.spec.settings?.[name], "a setting with a value is specified");
    const number = Number(value);
    if (spec.controls === "nothing") return;
    if (!(number >= 0))
      throw new OperationError("value_invalid", `${name} of ${this.name} takes a number`);
    if (spec.controls === "workers") {
      this.#workers = number;
      for (const one of this.#serving) one.workers?.resize(number);
      return;
    }
    this.link(spec.callee)[spec.controls] = number;
    for (const one of this.#serving) one.links.get(spec.callee)?.refresh();
  }

  /** What a version does differently; undefined: nobody has said that it exists. */
  build(version: string): Behaviour | undefined {
    return this.#builds.get(version) ?? (version === this.spec.version ? {} : undefined);
  }

  addBuild(version: string, behaviour: Behaviour): void {
    this.#builds.set(version, behaviour);
    this.#plans.clear();
  }

  /** A flag has changed. */
  replan(): void {
    this.#plans.clear();
  }

  plan(operation: string, version: string): Plan {
    const key = `${version} ${operation}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const source = this.#sources.get(operation);
    if (source === undefined)
      throw new OperationError("operation_unknown", `${this.name} does not serve ${operation}`);
    const behaviours = [this.build(version) ?? {}, ...this.#options.flagBehaviours()];
    const plan = planOf(this.#options.environment, source, behaviours);
    this.#plans.set(key, plan);
    return plan;
  }

  forms(operation: string): SpanForms {
    const known = this.#forms.get(operation) ?? calledServiceForms(this.name, operation);
    this.#forms.set(operation, known);
    return known;
  }

  call({ from, what, context, delayMs }: Attempt, answer: (failure: Failure) => void): void {
    const { kernel, network } = this.#options.environment;
    const instance = this.#choose(from);
    if (instance === undefined) {
      kernel.after(REFUSED_MS, () => answer("ECONNREFUSED"));
      return;
    }
    const back = (failure: Failure): void => {
      kernel.after(network.delayMs(instance.host, from?.host) + delayMs, () => answer(failure));
    };
    kernel.after(network.delayMs(from?.host, instance.host) + delayMs, () =>
      this.deliver(instance, { what, context }, back),
    );
  }

  /** Hands a request to an instance. */
  deliver(
    instance: Instance,
    request: { readonly what: string; readonly context: TraceContext },
    answer: (failure: Failure) => void,
  ): void {
    instance.receive(this.plan(request.what, instance.version), request.context, answer);
  }

  #choose(from: Instance | undefined): Instance | undefined {
    const all = this.#serving;
    if (all.length < 2) return all[0];
    if (this.spec.balancing === "power-of-two") return this.#lessLoaded();
    const turn = this.#turns.get(from) ?? 0;
    this.#turns.set(from, turn + 1);
    return all[turn % all.length];
  }

  #lessLoaded(): Instance | undefined {
    const all = this.#serving;
    const random = this.#options.environment.random(`balancing ${this.name}`);
    const first = Math.floor(random() * all.length);
    const other = (first + 1 + Math.floor(random() * (all.length - 1))) % all.length;
    const a = all[first];
    const b = all[other];
    return a === undefined || b === undefined || a.load <= b.load ? a : b;
  }
}

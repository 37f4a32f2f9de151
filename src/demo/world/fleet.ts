import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { Child } from "./child.ts";
import { type Configuration, SHOP_SERVICES, type ShopService } from "./contract.ts";
import { FLAGS, INITIAL_SETTINGS, SHOP_PLAN, zoneOf } from "./shop-plan.ts";

/** Callers learn of a removed instance, and its requests end, before it is stopped. */
const DRAIN_MS = 300;
/** Limit: replicas of one service. */
export const REPLICAS_MAX = 6;
/** Limit: an instance that ends by itself is started again this often. */
const RECOVERIES_MAX = 20;

export interface FleetInstance {
  readonly id: string;
  readonly service: ShopService;
  readonly version: string;
  readonly node: string;
  readonly child: Child;
  readonly port: number;
}

export interface FleetOptions {
  readonly logFolder: string;
  readonly otlpEndpoint: string;
  readonly databasePort: number;
  readonly seed: number;
  readonly log: Log;
}

/** The live instances of the shop, and the configuration that each of them is pushed. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #live = new Map<string, FleetInstance>();
  readonly #made = new Map<ShopService, number>();
  readonly #starting = new Set<Child>();
  readonly #settings = structuredClone(INITIAL_SETTINGS) as Record<
    ShopService,
    Record<string, string>
  >;
  readonly #flags: Record<string, string> = {};
  readonly #limits: Record<string, Record<string, number>> = {};
  readonly #versions = new Map<ShopService, string>();
  /** Processes that listen to the configuration without being instances: the load generator. */
  readonly #listeners: Child[] = [];
  #providerPort = 0;
  #isStopping = false;
  #recoveries = 0;
  onRecovered: (instance: FleetInstance) => void = () => undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const service of SHOP_SERVICES) this.#versions.set(service, SHOP_PLAN[service].version);
    for (const [flag, { variants }] of Object.entries(FLAGS)) this.#flags[flag] = variants[0] ?? "";
  }

  get live(): readonly FleetInstance[] {
    return [...this.#live.values()];
  }

  of(service: ShopService): readonly FleetInstance[] {
    return this.live.filter((it) => it.service === service);
  }

  version(service: ShopService): string {
    return this.#versions.get(service) ?? SHOP_PLAN[service].version;
  }

  settings(service: ShopService): Readonly<Record<string, string>> {
    return this.#settings[service];
  }

  get flags(): Readonly<Record<string, string>> {
    return this.#flags;
  }

  get limits(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return this.#limits;
  }

  setProvider(port: number): void {
    this.#providerPort = port;
    this.#push();
  }

  addListener(child: Child): void {
    this.#listeners.push(child);
    child.send(this.#configuration("gateway"));
  }

  setSetting(service: ShopService, name: string, value: string): void {
    this.#settings[service][name] = value;
    this.#push();
  }

  setFlag(flag: string, variant: string): void {
    this.#flags[flag] = variant;
    this.#push();
  }

  setLimit(caller: ShopService, callee: string, maxConcurrent: number): void {
    this.#limits[caller] = { ...this.#limits[caller], [callee]: maxConcurrent };
    this.#push();
  }

  clearLimits(caller: ShopService): void {
    this.#limits[caller] = {};
    this.#push();
  }

  /** Starts instances on the given nodes and adds them once all are ready. */
  async start(
    service: ShopService,
    version: string,
    nodes: readonly string[],
  ): Promise<readonly FleetInstance[]> {
    const started = await Promise.all(nodes.map((node) => this.#launch(service, version, node)));
    this.#versions.set(service, version);
    for (const instance of started) this.#add(instance);
    this.#push();
    return started;
  }

  /** New instances first; the old ones leave once the new ones serve. */
  async replace(old: readonly FleetInstance[], version: string): Promise<readonly FleetInstance[]> {
    const service = old[0]?.service;
    if (service === undefined) return [];
    const started = await this.start(
      service,
      version,
      old.map((it) => it.node),
    );
    await this.remove(old);
    return started;
  }

  async remove(instances: readonly FleetInstance[]): Promise<void> {
    for (const { id } of instances) this.#live.delete(id);
    this.#push();
    await sleep(DRAIN_MS);
    await Promise.all(instances.map((it) => it.child.stop()));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const children = [...this.live.map((it) => it.child), ...this.#starting];
    this.#live.clear();
    await Promise.all(children.map((child) => child.stop()));
  }

  async #launch(service: ShopService, version: string, node: string): Promise<FleetInstance> {
    if (this.#isStopping) throw new OperationError("world_stopping", "the world is stopping");
    const number = (this.#made.get(service) ?? 0) + 1;
    this.#made.set(service, number);
    const id = `${service}-${number}`;
    const child = new Child({
      name: id,
      module: "shop/main.ts",
      logFolder: this.#options.logFolder,
      memoryMb: 192,
      env: {
        SHOP_SERVICE: service,
        SHOP_VERSION: version,
        SHOP_INSTANCE: id,
        SHOP_NODE: node,
        SHOP_ZONE: zoneOf(node),
        SHOP_SEED: String(this.#options.seed + number * 101 + SHOP_SERVICES.indexOf(service)),
        SHOP_DATABASE_PORT: String(this.#options.databasePort),
        SHOP_OTLP_ENDPOINT: this.#options.otlpEndpoint,
      },
    });
    this.#starting.add(child);
    try {
      const port = await child.ready();
      child.send(this.#configuration(service));
      return { id, service, version, node, child, port };
    } finally {
      this.#starting.delete(child);
    }
  }

  #add(instance: FleetInstance): void {
    this.#live.set(instance.id, instance);
    void instance.child.ended.then(() => this.#recover(instance));
  }

  /** What a platform does when a process ends by itself: it starts another in its place. */
  async #recover(lost: FleetInstance): Promise<void> {
    if (this.#isStopping || this.#live.get(lost.id) !== lost) return;
    this.#live.delete(lost.id);
    this.#push();
    this.#recoveries += 1;
    this.#options.log.warn("world_instance_ended", { instance: lost.id });
    if (this.#recoveries > RECOVERIES_MAX) return;
    try {
      const [started] = await this.start(lost.service, lost.version, [lost.node]);
      if (started !== undefined) this.onRecovered(started);
    } catch (error) {
      this.#options.log.error("world_instance_lost", { instance: lost.id, error: String(error) });
    }
  }

  #configuration(service: ShopService): Configuration {
    const endpoints: Record<string, { instance: string; port: number }[]> = {
      psp: [{ instance: "psp", port: this.#providerPort }],
    };
    for (const { id, service: owner, port } of this.#live.values()) {
      const list = endpoints[owner] ?? [];
      list.push({ instance: id, port });
      endpoints[owner] = list;
    }
    return {
      type: "configuration",
      endpoints,
      settings: this.#settings[service],
      flags: this.#flags,
      limits: this.#limits[service] ?? {},
    };
  }

  #push(): void {
    for (const { service, child } of this.#live.values()) child.send(this.#configuration(service));
    for (const child of this.#listeners) child.send(this.#configuration("gateway"));
  }
}

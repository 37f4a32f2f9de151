import { z } from "zod";
import { OperationError } from "../../errors.ts";
import { buildOf } from "./builds.ts";
import type { ChangeEvent, ChangeFeed } from "./change-feed.ts";
import { type ShopService, shopServiceSchema } from "./contract.ts";
import { type Fleet, REPLICAS_MAX } from "./fleet.ts";
import { FLAGS, SHOP_PLAN } from "./shop-plan.ts";

const name = z.string().min(1).max(100);

/** What can be asked of the shop's platform; one variant a path of the operations port. */
export const operationSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("rollback"), service: shopServiceSchema, to_version: name }),
  z.object({ type: z.literal("deploy"), service: shopServiceSchema, version: name }),
  z.object({
    type: z.literal("scale"),
    service: shopServiceSchema,
    replicas: z.number().int().min(1).max(REPLICAS_MAX),
  }),
  z.object({ type: z.literal("restart"), service: shopServiceSchema, instance: name.optional() }),
  z.object({ type: z.literal("flag"), flag: name, variant: name }),
  z.object({ type: z.literal("setting"), service: shopServiceSchema, setting: name, value: name }),
  z.object({
    type: z.literal("limit"),
    caller: shopServiceSchema,
    callee: name,
    max_concurrent: z.number().int().min(0).max(1_000),
  }),
]);
export type Operation = z.infer<typeof operationSchema>;
export const OPERATION_TYPES: readonly string[] = operationSchema.options.map(
  (it) => it.shape.type.value,
);

export interface OperationResult {
  readonly ok: true;
  readonly change: ChangeEvent;
  /** Instances that serve now, of the service that was changed. */
  readonly instances: readonly string[];
}

/** The platform of the shop: carries out one operation after the other and posts a change for each. */
export class Operations {
  readonly #fleet: Fleet;
  readonly #feed: ChangeFeed;
  readonly #nowMs: () => number;
  #last: Promise<unknown> = Promise.resolve();
  /** Lets the injector release what it holds when an instance is replaced. */
  readonly stoppedServices = new Map<ShopService, readonly string[]>();

  constructor(fleet: Fleet, feed: ChangeFeed, nowMs: () => number) {
    this.#fleet = fleet;
    this.#feed = feed;
    this.#nowMs = nowMs;
    fleet.onRecovered = (instance) => {
      this.#post("restart", instance.service, `restart ${instance.service} on ${instance.node}`, {
        author: "platform",
        instance: instance.id,
      });
    };
  }

  /** One at a time, in the order of asking. */
  run(operation: Operation, author: string): Promise<OperationResult> {
    const result = this.#last.then(() => this.#carryOut(operation, author));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #carryOut(operation: Operation, author: string): Promise<OperationResult> {
    switch (operation.type) {
      case "rollback":
        return this.#deploy(operation.service, operation.to_version, {
          author,
          verb: "roll back to",
        });
      case "deploy":
        return this.#deploy(operation.service, operation.version, { author, verb: "deploy" });
      case "scale":
        return this.#scale(operation.service, operation.replicas, author);
      case "restart":
        return this.#restart(operation.service, operation.instance, author);
      case "flag":
        return this.#flag(operation.flag, operation.variant, author);
      case "setting":
        return this.#setting(operation, author);
      case "limit":
        return this.#limit(operation, author);
    }
  }

  async #deploy(
    service: ShopService,
    version: string,
    options: { readonly author: string; readonly verb: string },
  ): Promise<OperationResult> {
    if (buildOf(service, version) === undefined)
      throw new OperationError("version_unknown", `${service} has no build ${version}`);
    const previous = this.#fleet.version(service);
    const change = this.#post(
      "deploy",
      service,
      options.verb === "deploy"
        ? `deploy ${service} ${version}`
        : `roll back ${service} to ${version}`,
      { version, previous_version: previous, author: options.author },
    );
    await this.#fleet.replace(this.#fleet.of(service), version);
    return this.#result(change, service);
  }

  async #scale(service: ShopService, replicas: number, author: string): Promise<OperationResult> {
    const now = this.#fleet.of(service);
    const change = this.#post("scale", service, `scale ${service} to ${replicas} replicas`, {
      replicas,
      previous_replicas: now.length,
      author,
    });
    const { nodes } = SHOP_PLAN[service];
    if (replicas > now.length) {
      const added = Array.from(
        { length: replicas - now.length },
        (_, index) => nodes[(now.length + index) % nodes.length] ?? "node-a1",
      );
      await this.#fleet.start(service, this.#fleet.version(service), added);
    } else await this.#fleet.remove(now.slice(replicas));
    return this.#result(change, service);
  }

  async #restart(
    service: ShopService,
    instance: string | undefined,
    author: string,
  ): Promise<OperationResult> {
    const all = this.#fleet.of(service);
    const chosen = instance === undefined ? all : all.filter((it) => it.id === instance);
    const stopped = this.stoppedServices.get(service) ?? [];
    if (chosen.length === 0 && stopped.length === 0)
      throw new OperationError("instance_unknown", `${service} has no instance ${instance ?? ""}`);
    const change = this.#post("restart", service, `restart ${instance ?? service}`, {
      author,
      ...(instance === undefined ? {} : { instance }),
    });
    this.stoppedServices.delete(service);
    await this.#fleet.replace(chosen, this.#fleet.version(service));
    if (stopped.length > 0) await this.#fleet.start(service, this.#fleet.version(service), stopped);
    return this.#result(change, service);
  }

  #flag(flag: string, variant: string, author: string): OperationResult {
    const known = FLAGS[flag];
    if (known === undefined) throw new OperationError("flag_unknown", `there is no flag ${flag}`);
    if (!known.variants.includes(variant))
      throw new OperationError(
        "variant_unknown",
        `${flag} has the variants ${known.variants.join(", ")}`,
      );
    const previous = this.#fleet.flags[flag] ?? "";
    this.#fleet.setFlag(flag, variant);
    const change = this.#post("flag", known.service, `flag ${flag}: ${previous} to ${variant}`, {
      flag,
      variant,
      previous_variant: previous,
      author,
    });
    return this.#result(change, known.service);
  }

  #setting(operation: Extract<Operation, { type: "setting" }>, author: string): OperationResult {
    const { service, setting, value } = operation;
    const previous = this.#fleet.settings(service)[setting];
    if (previous === undefined)
      throw new OperationError("setting_unknown", `${service} has no setting ${setting}`);
    // All values but texts are positive whole numbers, in the unit of the setting's name.
    if (/^\d+$/.test(previous) && !/^[1-9]\d{0,5}$/.test(value))
      throw new OperationError("value_invalid", `${setting} takes a whole number from 1`);
    this.#fleet.setSetting(service, setting, value);
    const change = this.#post(
      "config",
      service,
      `set ${setting} of ${service} from ${previous} to ${value}`,
      { setting, value, previous_value: previous, author },
    );
    return this.#result(change, service);
  }

  #limit(operation: Extract<Operation, { type: "limit" }>, author: string): OperationResult {
    const { caller, callee, max_concurrent } = operation;
    if (!SHOP_PLAN[caller].callees.some((it) => it.callee === callee))
      throw new OperationError("callee_unknown", `${caller} does not call ${callee}`);
    this.#fleet.setLimit(caller, callee, max_concurrent);
    const change = this.#post(
      "limit",
      caller,
      `limit ${caller} to ${max_concurrent} concurrent calls to ${callee}`,
      { callee, max_concurrent, author },
    );
    return this.#result(change, caller);
  }

  /** Takes the limits of a caller's calls away; not an operation that the executor can ask for. */
  async liftLimits(caller: ShopService, author: string): Promise<ChangeEvent | undefined> {
    const callees = Object.keys(this.#fleet.limits[caller] ?? {});
    if (callees.length === 0) return undefined;
    this.#fleet.clearLimits(caller);
    const summary = `lift the limit of ${caller}'s calls to ${callees.join(", ")}`;
    return this.#post("limit", caller, summary, { author });
  }

  #result(change: ChangeEvent, service: ShopService): OperationResult {
    return { ok: true, change, instances: this.#fleet.of(service).map((it) => it.id) };
  }

  #post(
    kind: ChangeEvent["kind"],
    entity: string,
    summary: string,
    attributes: ChangeEvent["attributes"],
  ): ChangeEvent {
    return this.#feed.post({ timeMs: this.#nowMs(), kind, entity, summary, attributes });
  }
}

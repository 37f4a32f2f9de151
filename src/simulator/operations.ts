import { assertNever } from "../assert.ts";
import { OperationError } from "../errors.ts";
import type { Instance } from "./instance.ts";
import type { Operation } from "./intervention.ts";
import type { Host } from "./network.ts";
import type { SimulatedChange } from "./records.ts";
import type { Service } from "./service.ts";
import type { System } from "./system.ts";

/** Limit: replicas of one service. */
const REPLICAS_MAX = 100;

type Told = Omit<SimulatedChange, "id" | "timeMs">;

/** What people do to a system. Every operation begins at once and is told as a change. */
export class Operations {
  readonly #system: System;
  readonly #tell: (change: SimulatedChange) => void;
  /** Hosts of instances that were stopped, by service: a restart brings them back. */
  readonly #stopped = new Map<string, Host[]>();
  /** A new roll-out of a service ends the one under way. */
  readonly #rollOuts = new Map<string, number>();
  #changes = 0;

  constructor(system: System, tell: (change: SimulatedChange) => void) {
    this.#system = system;
    this.#tell = tell;
  }

  /** Errors: `OperationError` when it names what does not exist; nothing has happened then. */
  run(operation: Operation, author: string): SimulatedChange {
    const told = this.#carryOut(operation);
    this.#changes += 1;
    const change: SimulatedChange = {
      id: `chg-${this.#changes}`,
      timeMs: this.#system.originMs + this.#system.kernel.nowMs,
      ...told,
      attributes: { ...told.attributes, author },
    };
    this.#tell(change);
    return change;
  }

  rememberStopped({ service, host }: Instance): void {
    this.#stopped.set(service, [...(this.#stopped.get(service) ?? []), host]);
  }

  #carryOut(operation: Operation): Told {
    switch (operation.type) {
      case "deploy":
        if (operation.behaviour !== undefined)
          this.#system.service(operation.service).addBuild(operation.version, operation.behaviour);
        return this.#deploy(operation, `deploy ${operation.service} ${operation.version}`);
      case "rollback":
        return this.#deploy(operation, `roll back ${operation.service} to ${operation.version}`);
      case "scale":
        return this.#scale(this.#system.service(operation.service), operation.replicas);
      case "restart":
        return this.#restart(this.#system.service(operation.service), operation.instance);
      case "flag":
        return this.#flag(operation.flag, operation.variant);
      case "setting":
        return this.#setting(operation);
      case "limit":
        return this.#limit(operation);
      default:
        return assertNever(operation);
    }
  }

  #deploy(
    { service: name, version }: { readonly service: string; readonly version: string },
    summary: string,
  ): Told {
    const service = this.#system.service(name);
    if (service.build(version) === undefined)
      throw new OperationError("version_unknown", `${name} has no version ${version}`);
    const previous = service.version;
    service.version = version;
    this.#rollOut(service, service.serving);
    return {
      kind: "deploy",
      entity: name,
      summary,
      attributes: { version, previous_version: previous },
    };
  }

  /** One instance after another: the new one serves before the old one is drained. */
  #rollOut(service: Service, old: readonly Instance[]): void {
    const turn = (this.#rollOuts.get(service.name) ?? 0) + 1;
    this.#rollOuts.set(service.name, turn);
    const waiting = [...old];
    const next = (): void => {
      const instance = waiting.shift();
      if (instance === undefined || this.#rollOuts.get(service.name) !== turn) return;
      service.start(instance.host, service.version, () => {
        service.remove(instance);
        this.#instancesCame();
        next();
      });
    };
    next();
  }

  #instancesCame(): void {
    for (const queue of this.#system.queues.values()) queue.dispatch();
  }

  #scale(service: Service, replicas: number): Told {
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > REPLICAS_MAX)
      throw new OperationError("value_invalid", `replicas must be from 1 to ${REPLICAS_MAX}`);
    const { serving } = service;
    for (let at = serving.length; at < replicas; at += 1)
      service.start(service.hostFor(at), service.version, () => this.#instancesCame());
    for (const instance of serving.slice(replicas)) service.remove(instance);
    return {
      kind: "scale",
      entity: service.name,
      summary: `scale ${service.name} to ${replicas} replicas`,
      attributes: { replicas, previous_replicas: serving.length },
    };
  }

  #restart(service: Service, id: string | undefined): Told {
    const chosen = id === undefined ? service.serving : [service.instance(id)];
    this.#rollOut(service, chosen);
    if (id === undefined) {
      for (const host of this.#stopped.get(service.name) ?? [])
        service.start(host, service.version, () => this.#instancesCame());
      this.#stopped.delete(service.name);
    }
    return {
      kind: "restart",
      entity: service.name,
      summary: `restart ${id ?? service.name}`,
      attributes: id === undefined ? {} : { instance: id },
    };
  }

  #flag(flag: string, variant: string): Told {
    const previous = this.#system.flag(flag);
    this.#system.setFlag(flag, variant);
    return {
      kind: "flag",
      entity: this.#system.flagSpec(flag).service,
      summary: `flag ${flag}: ${previous} to ${variant}`,
      attributes: { flag, variant, previous_variant: previous },
    };
  }

  #setting(operation: Extract<Operation, { type: "setting" }>): Told {
    const { service: name, setting, value } = operation;
    const service = this.#system.service(name);
    const previous = service.setting(setting);
    service.set(setting, value);
    return {
      kind: "config",
      entity: name,
      summary: `set ${setting} of ${name} from ${previous} to ${value}`,
      attributes: { setting, value, previous_value: previous },
    };
  }

  #limit(operation: Extract<Operation, { type: "limit" }>): Told {
    const { caller, callee, maxConcurrent } = operation;
    this.#system.service(caller).link(callee).limit = maxConcurrent;
    return {
      kind: "limit",
      entity: caller,
      summary: `limit ${caller} to ${maxConcurrent} concurrent calls to ${callee}`,
      attributes: { callee, max_concurrent: maxConcurrent },
    };
  }
}

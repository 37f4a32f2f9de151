import { assertNever } from "../assert.ts";
import { OperationError } from "../errors.ts";
import type { Instance } from "./instance.ts";
import type { Mishap } from "./intervention.ts";
import type { Slots } from "./slots.ts";
import type { System } from "./system.ts";

/** What befalls a system. Nobody tells; only its telemetry does. */
export class Mishaps {
  readonly #system: System;
  readonly #stopped: (instance: Instance) => void;
  /** The newest ration of an instance and the newest locker of a table; older ones end. */
  readonly #turns = new Map<string, number>();

  /** `stopped` hears of every instance that was stopped. */
  constructor(system: System, stopped: (instance: Instance) => void) {
    this.#system = system;
    this.#stopped = stopped;
  }

  /** Errors: `OperationError` when it names what does not exist. */
  run(mishap: Mishap): void {
    const system = this.#system;
    switch (mishap.type) {
      case "load":
        this.#load(mishap.factor, mishap.operation);
        return;
      case "slow-host":
        system.host(mishap.host).processor.speed = 1 / mishap.factor;
        return;
      case "slow-instance":
        this.#instance(mishap.instance).slow(mishap.factor);
        return;
      case "ration":
        this.#ration(this.#instance(mishap.instance), mishap);
        return;
      case "stop":
        this.#stop(mishap.service, mishap.instance);
        return;
      case "delay":
        system.service(mishap.caller).link(mishap.callee).delayMs = mishap.ms;
        return;
      case "loss":
        system.service(mishap.caller).link(mishap.callee).lossShare = mishap.share;
        return;
      case "pace":
        (system.externals.get(mishap.of) ?? system.database(mishap.of)).pace = mishap.factor;
        return;
      case "failing":
        system.external(mishap.external).failingShare = mishap.share;
        return;
      case "lock":
        this.#lock(mishap);
        return;
      default:
        assertNever(mishap);
    }
  }

  #load(factor: number, operation: string | undefined): void {
    const loads = this.#system.loads.filter(
      (one) => operation === undefined || one.operation === operation,
    );
    if (loads.length === 0)
      throw new OperationError("operation_unknown", `nobody asks for ${operation ?? "anything"}`);
    for (const one of loads) one.factor = factor;
  }

  #instance(id: string): Instance {
    const found = [...this.#system.services.values()]
      .flatMap((service) => service.serving)
      .find((one) => one.id === id);
    if (found === undefined)
      throw new OperationError("instance_unknown", `there is no instance ${id}`);
    return found;
  }

  #stop(name: string, id: string | undefined): void {
    const service = this.#system.service(name);
    const chosen = id === undefined ? [...service.serving] : [service.instance(id)];
    for (const instance of chosen) {
      service.remove(instance, true);
      this.#stopped(instance);
    }
  }

  #begin(key: string): () => boolean {
    const turn = (this.#turns.get(key) ?? 0) + 1;
    this.#turns.set(key, turn);
    return () => this.#turns.get(key) === turn;
  }

  #ration(
    instance: Instance,
    { pausedMs, runningMs }: { readonly pausedMs: number; readonly runningMs: number },
  ): void {
    const isCurrent = this.#begin(`ration ${instance.id}`);
    const again = (): void => {
      if (!isCurrent() || instance.isGone || pausedMs <= 0) return;
      instance.pause(pausedMs);
      this.#system.kernel.after(pausedMs + runningMs, again);
    };
    again();
  }

  #lock(mishap: Extract<Mishap, { type: "lock" }>): void {
    const { database, table, heldMs, freeMs } = mishap;
    const isCurrent = this.#begin(`lock ${database} ${table}`);
    const { kernel } = this.#system;
    const take = (row: Slots): void => {
      if (!isCurrent() || heldMs <= 0) return;
      row.acquire(() =>
        kernel.after(heldMs, () => {
          row.release();
          kernel.after(freeMs, () => take(row));
        }),
      );
    };
    for (const row of this.#system.database(database).rowsOf(table)) take(row);
  }
}

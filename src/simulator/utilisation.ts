import type { Instance } from "./instance.ts";
import type { Host } from "./network.ts";
import type { RecordAttributes, UtilisationSample } from "./records.ts";
import type { System } from "./system.ts";

/** Reads how busy everything was since the last reading, as a metrics exporter does. */
export class UtilisationMeter {
  readonly #system: System;
  readonly #busyMs = new WeakMap<object, number>();
  #readMs = 0;

  constructor(system: System) {
    this.#system = system;
  }

  read(): readonly UtilisationSample[] {
    const { kernel, hosts, services } = this.#system;
    const passedMs = kernel.nowMs - this.#readMs;
    this.#readMs = kernel.nowMs;
    if (passedMs <= 0) return [];
    const instances = [...services.values()].flatMap((service) => service.serving);
    return [
      ...[...hosts.values()].map((host) => this.#host(host, passedMs)),
      ...instances.flatMap((instance) => this.#instance(instance, passedMs)),
    ];
  }

  #usedCores(of: { readonly busyMs: number }, passedMs: number): number {
    const before = this.#busyMs.get(of) ?? 0;
    this.#busyMs.set(of, of.busyMs);
    return Math.max(0, of.busyMs - before) / passedMs;
  }

  #sample(
    resource: UtilisationSample["resource"],
    point: Pick<UtilisationSample, "metric" | "unit" | "value"> & {
      readonly attributes?: RecordAttributes;
    },
  ): UtilisationSample {
    const timeMs = this.#system.originMs + this.#system.kernel.nowMs;
    return { resource, timeMs, attributes: {}, ...point };
  }

  #host(host: Host, passedMs: number): UtilisationSample {
    const value = this.#usedCores(host.processor, passedMs) / host.processor.cores;
    const attributes = { "host.name": host.name, "cloud.availability_zone": host.zone };
    return this.#sample({ attributes }, { metric: "system.cpu.utilization", unit: "1", value });
  }

  #instance(instance: Instance, passedMs: number): readonly UtilisationSample[] {
    const { resource, share, host, links } = instance;
    const cpu = this.#usedCores(share, passedMs) / host.processor.cores;
    const pools = [...links].flatMap(([callee, { pool }]) => {
      if (pool === undefined) return [];
      const name = { "db.client.connection.pool.name": callee };
      const count = (state: string, value: number): UtilisationSample =>
        this.#sample(resource, {
          metric: "db.client.connection.count",
          unit: "{connection}",
          value,
          attributes: { ...name, "db.client.connection.state": state },
        });
      return [
        count("used", pool.taken),
        count("idle", Math.max(0, pool.size - pool.taken)),
        this.#sample(resource, {
          metric: "db.client.connection.pending_requests",
          unit: "{request}",
          value: pool.waiting,
          attributes: name,
        }),
      ];
    });
    return [
      this.#sample(resource, { metric: "process.cpu.utilization", unit: "1", value: cpu }),
      ...pools,
    ];
  }
}

import type { Kernel } from "./kernel.ts";
import { Processor } from "./processor.ts";
import { type Random, type Sampler, samplerOf } from "./random.ts";
import type { HostSpec, NetworkSpec } from "./system-spec.ts";

export class Host {
  readonly name: string;
  readonly zone: string;
  readonly clockSkewMs: number;
  readonly processor: Processor;

  constructor(spec: HostSpec, kernel: Kernel) {
    this.name = spec.name;
    this.zone = spec.zone;
    this.clockSkewMs = spec.clockSkewMs ?? 0;
    this.processor = new Processor(kernel, spec.cores);
  }
}

/** A local network as clouds have them: a millisecond is far. */
const DEFAULT_NETWORK: NetworkSpec = {
  sameHostMs: 0.05,
  sameZoneMs: 0.2,
  crossZoneMs: 0.7,
  jitterCv: 0.3,
};

/** One-way delays between hosts. Somebody outside is as far as another zone. */
export class Network {
  readonly #sameHost: Sampler;
  readonly #sameZone: Sampler;
  readonly #crossZone: Sampler;

  constructor(spec: Partial<NetworkSpec> | undefined, random: Random) {
    const { sameHostMs, sameZoneMs, crossZoneMs, jitterCv } = { ...DEFAULT_NETWORK, ...spec };
    const sampler = (ms: number): Sampler => samplerOf({ ms, cv: jitterCv }, random);
    this.#sameHost = sampler(sameHostMs);
    this.#sameZone = sampler(sameZoneMs);
    this.#crossZone = sampler(crossZoneMs);
  }

  delayMs(from: Host | undefined, to: Host | undefined): number {
    if (from === undefined || to === undefined) return this.#crossZone.draw();
    if (from === to) return this.#sameHost.draw();
    return from.zone === to.zone ? this.#sameZone.draw() : this.#crossZone.draw();
  }
}

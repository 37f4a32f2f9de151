import type { Attempt, Callee, Environment } from "./environment.ts";
import { type Random, type Sampler, samplerOf } from "./random.ts";
import { Slots } from "./slots.ts";
import { calledExternalForms, type Failure, type SpanForms } from "./span-form.ts";
import type { ExternalSpec } from "./system-spec.ts";

/** Something outside the telemetry: only its callers' spans tell of it. */
export class External implements Callee {
  readonly name: string;
  readonly poolWait = "in-span";
  pace = 1;
  failingShare: number;
  readonly #environment: Environment;
  readonly #time: Sampler;
  readonly #slots: Slots | undefined;
  readonly #random: Random;
  readonly #forms = new Map<string, SpanForms>();

  constructor(environment: Environment, spec: ExternalSpec) {
    this.#environment = environment;
    this.name = spec.name;
    this.failingShare = spec.errorShare ?? 0;
    this.#random = environment.random(`external ${spec.name}`);
    this.#time = samplerOf(spec.time, environment.random(`external ${spec.name} time`));
    this.#slots = spec.slots === undefined ? undefined : new Slots(spec.slots);
  }

  forms(path: string): SpanForms {
    const known = this.#forms.get(path) ?? calledExternalForms(this.name, path);
    this.#forms.set(path, known);
    return known;
  }

  call({ from, factor, delayMs }: Attempt, answer: (failure: Failure) => void): void {
    const { kernel, network } = this.#environment;
    const back = (failure: Failure): void => {
      kernel.after(network.delayMs(undefined, from?.host) + delayMs, () => answer(failure));
    };
    const work = (): void => {
      const fails = this.failingShare > 0 && this.#random() < this.failingShare;
      kernel.after(this.#time.draw() * factor * this.pace, () => {
        this.#slots?.release();
        back(fails ? "503" : undefined);
      });
    };
    kernel.after(network.delayMs(from?.host, undefined) + delayMs, () => {
      if (this.#slots === undefined) work();
      else if (!this.#slots.acquire(work)) back("503");
    });
  }
}

import type { Attempt, Callee, Environment } from "./environment.ts";
import type { Instance } from "./instance.ts";
import { type Sampler, samplerOf } from "./random.ts";
import type { Service } from "./service.ts";
import { type Failure, type SpanForms, sentForms } from "./span-form.ts";
import type { QueueSpec } from "./system-spec.ts";
import type { TraceContext } from "./tracer.ts";

/** Limit: messages that wait; further sends fail. */
const MESSAGES_MAX = 100_000;
const DEFAULT_TIME_MS = 1;

/** A queue between a sender that does not wait and instances of a service that take messages as they have room. */
export class MessageQueue implements Callee {
  readonly name: string;
  readonly poolWait = "in-span";
  readonly #environment: Environment;
  readonly #spec: QueueSpec;
  readonly #consumer: Service;
  readonly #time: Sampler;
  readonly #forms: SpanForms;
  readonly #busy = new Map<Instance, number>();
  #waiting: TraceContext[] = [];
  #turn = 0;

  constructor(environment: Environment, spec: QueueSpec, consumer: Service) {
    this.#environment = environment;
    this.#spec = spec;
    this.#consumer = consumer;
    this.name = spec.name;
    this.#forms = sentForms(spec.name, systemOf(spec));
    this.#time = samplerOf(
      spec.time ?? DEFAULT_TIME_MS,
      environment.random(`queue ${spec.name} time`),
    );
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  forms(): SpanForms {
    return this.#forms;
  }

  call({ context, delayMs }: Attempt, answer: (failure: Failure) => void): void {
    this.#environment.kernel.after(this.#time.draw() + delayMs, () => {
      if (this.#waiting.length >= MESSAGES_MAX) {
        answer("queue_full");
        return;
      }
      this.#waiting.push(context);
      answer(undefined);
      this.dispatch();
    });
  }

  /** Gives waiting messages to instances that have room; also when instances have come. */
  dispatch(): void {
    while (this.#waiting.length > 0) {
      const instance = this.#free();
      const context = instance === undefined ? undefined : this.#waiting.shift();
      if (instance === undefined || context === undefined) return;
      this.#busy.set(instance, (this.#busy.get(instance) ?? 0) + 1);
      this.#environment.kernel.after(this.#time.draw(), () => this.#deliver(instance, context));
    }
  }

  #free(): Instance | undefined {
    const all = this.#consumer.serving;
    for (let tried = 0; tried < all.length; tried += 1) {
      this.#turn += 1;
      const instance = all[this.#turn % all.length];
      if (instance !== undefined && (this.#busy.get(instance) ?? 0) < this.#spec.perInstance)
        return instance;
    }
    return undefined;
  }

  #deliver(instance: Instance, context: TraceContext): void {
    const request = { what: this.#spec.consumer.operation, context };
    this.#consumer.deliver(instance, request, () => {
      if (instance.isGone) this.#busy.delete(instance);
      else this.#busy.set(instance, (this.#busy.get(instance) ?? 1) - 1);
      this.dispatch();
    });
  }
}

export function systemOf(spec: QueueSpec): string {
  return spec.system ?? "rabbitmq";
}

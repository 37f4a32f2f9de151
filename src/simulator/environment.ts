import type { Instance } from "./instance.ts";
import type { Kernel } from "./kernel.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Failure, SpanForms } from "./span-form.ts";
import type { TraceContext, Tracer } from "./tracer.ts";

/** What every part of a simulation works with. */
export interface Environment {
  readonly kernel: Kernel;
  readonly tracer: Tracer;
  readonly network: Network;
  /** A stream of its own for each purpose. */
  random(label: string): Random;
  callee(name: string): Callee;
}

/** One attempt at a call, as the callee gets it. */
export interface Attempt {
  /** Undefined: somebody outside. */
  readonly from: Instance | undefined;
  readonly what: string;
  /** The caller's span. */
  readonly context: TraceContext;
  /** How many times longer the callee takes because of what is asked. */
  readonly factor: number;
  /** Added to each way. */
  readonly delayMs: number;
}

/** What can be called: a service, a database, an external, a queue. */
export interface Callee {
  readonly name: string;
  /** Databases are waited for before the client span begins, others within it. */
  readonly poolWait: "in-span" | "before-span";
  forms(what: string): SpanForms;
  /** Calls `answer` once, when the answer has reached the caller; never, if there is none. */
  call(attempt: Attempt, answer: (failure: Failure) => void): void;
}

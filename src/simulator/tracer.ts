import type { Kernel } from "./kernel.ts";
import type { Random } from "./random.ts";
import type { SimulatedResource, SimulatedSpan, Sink } from "./records.ts";
import type { SpanForm } from "./span-form.ts";

/** The part of a trace that travels with a call. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** A span while it is open. */
export interface OpenSpan extends TraceContext {
  readonly parentSpanId: string;
  readonly startMs: number;
}

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

/** Mints ids, decides which traces are recorded, and lets finished spans out on their host's clock. */
export class Tracer {
  readonly #kernel: Kernel;
  readonly #originMs: number;
  readonly #sampling: number;
  readonly #random: Random;
  readonly #sink: Sink;
  #traces = 0;
  #spans = 0;

  constructor(options: {
    readonly kernel: Kernel;
    readonly originMs: number;
    readonly sampling: number;
    readonly random: Random;
    readonly sink: Sink;
  }) {
    this.#kernel = options.kernel;
    this.#originMs = options.originMs;
    this.#sampling = options.sampling;
    this.#random = options.random;
    this.#sink = options.sink;
  }

  /** The context of a request from outside: no span of it is recorded. */
  root(): TraceContext {
    this.#traces += 1;
    const traceId =
      hex8(this.#random() * 4_294_967_296) +
      hex8(this.#random() * 4_294_967_296) +
      hex8(this.#random() * 4_294_967_296) +
      hex8(this.#traces);
    return { traceId, spanId: "", isSampled: this.#random() < this.#sampling };
  }

  open(parent: TraceContext): OpenSpan {
    this.#spans += 1;
    // An odd multiplier permutes 32 bits: the first half differs from span to span, too.
    const spanId = hex8(Math.imul(this.#spans, 0x9e3779b1)) + hex8(this.#spans);
    return {
      traceId: parent.traceId,
      spanId,
      isSampled: parent.isSampled,
      parentSpanId: parent.spanId,
      startMs: this.#kernel.nowMs,
    };
  }

  close(
    span: OpenSpan,
    from: { readonly resource: SimulatedResource; readonly clockSkewMs: number },
    form: SpanForm,
  ): void {
    if (!span.isSampled || this.#sink.span === undefined) return;
    const shiftMs = this.#originMs + from.clockSkewMs;
    const record: SimulatedSpan = {
      resource: from.resource,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: form.name,
      kind: form.kind,
      startMs: span.startMs + shiftMs,
      endMs: this.#kernel.nowMs + shiftMs,
      status: form.status,
      statusMessage: "",
      attributes: form.attributes,
    };
    this.#sink.span(record);
  }
}

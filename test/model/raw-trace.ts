import type { Attributes } from "../../src/model/entity.ts";
import { type Signal, SPAN_KIND, type Span, STATUS } from "../../src/model/signal.ts";
import type { Trace, TraceSpan } from "../../src/model/view.ts";
import { at, worldOf } from "./reading.ts";

/** One span as a line: who, what kind, under whom, from when to when (ms after the trace's start). */
export interface Line {
  readonly id: string;
  readonly under?: string;
  readonly service: string;
  readonly kind: keyof typeof SPAN_KIND;
  readonly from: number;
  readonly to: number;
  readonly error?: boolean;
  readonly instance?: string;
  /** What a client calls: a service by its address, or a database. */
  readonly calls?: string;
  readonly attributes?: Attributes;
  readonly links?: Span["links"];
  readonly traceId?: string;
  /** Seconds after the start at which it was received; default 4. */
  readonly receivedS?: number;
}

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

const idOf = (id: string): string =>
  id === ""
    ? ""
    : [...id]
        .map((letter) => letter.charCodeAt(0).toString(16))
        .join("")
        .padStart(16, "0");

function attributesOf({ kind, service, calls }: Line): Attributes {
  if (kind === "server") return { "http.request.method": "GET", "http.route": `/${service}` };
  if (kind === "consumer" || kind === "producer")
    return { "messaging.system": "kafka", "messaging.destination.name": calls ?? "topic" };
  if (kind !== "client" || calls === undefined) return {};
  if (calls.endsWith("-db"))
    return { "db.system.name": "postgresql", "db.namespace": calls, "server.address": "db.local" };
  return { "http.request.method": "GET", "server.address": calls };
}

function spanOf(line: Line, startMs: number): Span {
  return {
    traceId: line.traceId ?? TRACE_ID,
    spanId: idOf(line.id),
    parentSpanId: idOf(line.under ?? ""),
    name: line.id,
    kind: SPAN_KIND[line.kind],
    startMs: startMs + line.from,
    endMs: startMs + line.to,
    status: line.error === true ? STATUS.error : STATUS.unset,
    statusMessage: "",
    attributes: { ...attributesOf(line), ...line.attributes },
    ...(line.links === undefined ? {} : { links: line.links }),
  };
}

/** Lines as signals, one for each span, in the order given. */
export function signalsOf(lines: readonly Line[], startMs = at(1)): Signal[] {
  return lines.map((line) => ({
    type: "spans",
    source: "test",
    receivedMs: at(line.receivedS ?? 4),
    resource: {
      "service.name": line.service,
      "service.instance.id": line.instance ?? `${line.service}-0`,
    },
    spans: [spanOf(line, startMs)],
  }));
}

/** What a world makes of the lines of one trace that began at second 1. */
export class Assembled {
  readonly trace: Trace;
  readonly view;

  constructor(lines: readonly Line[]) {
    this.view = worldOf(signalsOf(lines), at(30)).at(at(30));
    const trace = this.view.trace(TRACE_ID);
    if (trace === undefined) throw new Error("no trace was assembled");
    this.trace = trace;
  }

  get window() {
    return { fromMs: at(-60), toMs: at(60) };
  }

  span(id: string): TraceSpan {
    const found = this.trace.spans.find((one) => one.spanId === idOf(id));
    if (found === undefined) throw new Error(`no span ${id}`);
    return found;
  }

  critical(...ids: readonly string[]): number[] {
    return ids.map((id) => round(this.span(id).criticalMs));
  }

  self(...ids: readonly string[]): number[] {
    return ids.map((id) => round(this.span(id).selfMs));
  }

  get criticalSum(): number {
    return round(this.trace.spans.reduce((sum, one) => sum + one.criticalMs, 0));
  }
}

export const round = (value: number): number => Math.round(value * 1000) / 1000;

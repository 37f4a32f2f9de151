import { seededRandom } from "../../../src/model/dynamics/robust.ts";
import { entityId } from "../../../src/model/entity.ts";
import type { Trace, TraceSpan } from "../../../src/model/view.ts";
import { ProgramBuilder } from "../../../src/model/whatif/compile/program-builder.ts";
import type { Problem, Station } from "../../../src/model/whatif/problem.ts";

const WEB = entityId("service", "web");
const STORE = entityId("database", "shop");
export const OPERATION = entityId("operation", "web GET /");
const TRACES = 200;
const OWN_MS = 4;

const span = (part: Partial<TraceSpan> & Pick<TraceSpan, "parent" | "kind">): TraceSpan => ({
  spanId: "",
  service: WEB,
  name: "GET /",
  offsetMs: 0,
  durationMs: 0,
  selfMs: 0,
  criticalMs: 0,
  error: false,
  errorType: "",
  ...part,
});

/** A request that works, asks the store once, and works again. */
function request(number: number, storeMs: number): Trace {
  const durationMs = storeMs + OWN_MS;
  return {
    traceId: `${number}`,
    operation: OPERATION,
    startMs: 0,
    durationMs,
    error: false,
    spans: [
      span({ parent: -1, kind: "server", operation: OPERATION, durationMs }),
      span({
        parent: 0,
        kind: "client",
        callee: STORE,
        name: "SELECT",
        offsetMs: OWN_MS / 2,
        durationMs: storeMs,
      }),
    ],
  };
}

function station(part: Pick<Station, "id" | "type" | "rate"> & Partial<Station>): Station {
  return {
    replicas: [-1],
    held: "work",
    rates: Float64Array.of(part.rate),
    cpu: Float64Array.of(Number.NaN),
    relative: Float64Array.of(1),
    counts: Float64Array.of(TRACES),
    selfMs: OWN_MS,
    ...part,
  };
}

/** One service in front of one store, asked `rate` times a second. */
export function smallProblem(input: {
  readonly rate: number;
  readonly storeMs: number;
  readonly web?: Partial<Station>;
  readonly pool?: number;
}): Problem {
  const { rate, storeMs } = input;
  const random = seededRandom(11);
  const builder = new ProgramBuilder({
    station: (id) => (id === WEB ? 0 : undefined),
    link: (caller, callee) => (caller === WEB && callee === STORE ? 0 : undefined),
  });
  for (let number = 0; number < TRACES; number += 1)
    builder.add(request(number, -storeMs * Math.log(1 - 0.999 * random())), { entry: 0, slice: 0 });
  return {
    stations: [
      station({ id: WEB, type: "service", rate, ...input.web }),
      station({ id: STORE, type: "store", rate, selfMs: storeMs }),
    ],
    hosts: [],
    links: [
      {
        from: 0,
        to: 1,
        backoffMs: 30,
        fatal: 1,
        ...(input.pool === undefined ? {} : { pool: input.pool }),
      },
    ],
    entries: [{ operation: OPERATION, rate, rates: Float64Array.of(rate) }],
    places: [{ id: OPERATION, station: 0, isOperation: true, isEntry: true, slowMs: 500 }],
    slices: [{ fromMs: 0, toMs: 120_000, regime: "now" }],
    program: builder.build(),
    horizonMs: 300_000,
    seed: 1,
  };
}

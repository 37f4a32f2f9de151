import { describe, expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import { Assembled, type Line, round, signalsOf } from "./raw-trace.ts";
import { at, sumOf, total, worldOf } from "./reading.ts";

const root = (to: number): Line => ({ id: "root", service: "a", kind: "server", from: 0, to });

/** A call from the root to a service that answers: client span and server span. */
const pair = (
  name: string,
  client: readonly [from: number, to: number],
  server: readonly [from: number, to: number],
): Line[] => [
  {
    id: `c${name}`,
    under: "root",
    service: "a",
    kind: "client",
    calls: name,
    from: client[0],
    to: client[1],
  },
  {
    id: `s${name}`,
    under: `c${name}`,
    service: name,
    kind: "server",
    from: server[0],
    to: server[1],
  },
];

describe("the critical path of a trace", () => {
  test("goes through calls one after another, and what lies between is the parent's own", () => {
    const seen = new Assembled([
      root(100),
      ...pair("b", [10, 40], [12, 38]),
      ...pair("c", [50, 90], [51, 89]),
    ]);
    expect(seen.critical("root", "cb", "sb", "cc", "sc")).toEqual([30, 4, 26, 2, 38]);
    expect(seen.self("root", "cb", "sb")).toEqual([30, 4, 26]);
    expect(seen.criticalSum).toBe(100);
  });

  test("of calls side by side takes the one that ended last, and of the other what it waited for alone", () => {
    const seen = new Assembled([
      root(100),
      ...pair("b", [10, 60], [11, 59]),
      ...pair("c", [30, 90], [31, 89]),
    ]);
    expect(seen.critical("root", "cb", "sb", "cc", "sc")).toEqual([20, 1, 19, 2, 58]);
    expect(seen.criticalSum).toBe(100);
  });

  test("leaves out a call that was over before the longest one's start counts", () => {
    const seen = new Assembled([
      root(100),
      ...pair("b", [20, 50], [21, 49]),
      ...pair("c", [10, 90], [11, 89]),
    ]);
    expect(seen.critical("cb", "sb")).toEqual([0, 0]);
    expect(seen.self("root")).toEqual([20]);
    expect(seen.criticalSum).toBe(100);
  });

  test("of calls that end together takes one, and sums to the root all the same", () => {
    const twins = [...pair("b", [10, 90], [11, 89]), ...pair("c", [10, 90], [11, 89])];
    expect(new Assembled([root(100), ...twins]).criticalSum).toBe(100);
  });

  test("cuts off what overflows its parent on either side", () => {
    const seen = new Assembled([
      root(100),
      { id: "early", under: "root", service: "a", kind: "internal", from: -20, to: 30 },
      { id: "late", under: "root", service: "a", kind: "internal", from: 60, to: 150 },
    ]);
    expect(seen.critical("root", "early", "late")).toEqual([30, 30, 40]);
    expect(seen.self("root")).toEqual([30]);
    expect(seen.criticalSum).toBe(100);
  });

  test("ignores a child that lies wholly outside its parent", () => {
    const seen = new Assembled([
      root(100),
      { id: "after", under: "root", service: "a", kind: "internal", from: 120, to: 180 },
    ]);
    expect(seen.critical("root", "after")).toEqual([100, 0]);
    expect(seen.self("root")).toEqual([100]);
  });
});

describe("asynchronous work", () => {
  test("the critical path has the publishing of a message on it, but never the consumer", () => {
    const seen = new Assembled([
      root(100),
      {
        id: "send",
        under: "root",
        service: "a",
        kind: "producer",
        calls: "jobs",
        from: 40,
        to: 50,
      },
      {
        id: "work",
        under: "send",
        service: "w",
        kind: "consumer",
        calls: "jobs",
        from: 45,
        to: 900,
      },
      {
        id: "query",
        under: "work",
        service: "w",
        kind: "client",
        calls: "w-db",
        from: 50,
        to: 800,
      },
    ]);
    expect(seen.critical("root", "send", "work", "query")).toEqual([90, 10, 0, 0]);
    expect(seen.self("root", "send")).toEqual([90, 10]);
    expect(seen.trace.durationMs).toBe(100);
    const async = seen.view.edges(seen.window).filter((edge) => edge.kind === "async");
    expect(async.map((edge) => [edge.callee, total(edge.count)])).toEqual([
      [entityId("queue", "jobs"), 1],
    ]);
    expect(seen.view.relations({ type: "consumes" })).toMatchObject([
      { from: entityId("service", "w"), to: entityId("queue", "jobs") },
    ]);
  });
});

describe("clocks that differ", () => {
  test("a server span that seems to begin before its call is put in its middle; durations stay", () => {
    const seen = new Assembled([root(100), ...pair("b", [20, 80], [-500, -450])]);
    expect(round(seen.span("sb").offsetMs)).toBe(25);
    expect(seen.critical("root", "cb", "sb")).toEqual([40, 10, 50]);
    expect(seen.self("cb", "sb")).toEqual([10, 50]);
  });

  test("what the skewed service calls moves with it", () => {
    const seen = new Assembled([
      root(100),
      ...pair("b", [20, 80], [-500, -450]),
      {
        id: "query",
        under: "sb",
        service: "b",
        kind: "client",
        calls: "b-db",
        from: -490,
        to: -460,
      },
    ]);
    expect(round(seen.span("query").offsetMs)).toBe(35);
    expect(seen.critical("sb", "query")).toEqual([20, 30]);
    expect(seen.criticalSum).toBe(100);
  });

  test("spans of one process share a clock and are never moved", () => {
    const seen = new Assembled([
      root(100),
      { id: "self", under: "root", service: "a", kind: "server", from: -30, to: 20 },
    ]);
    expect(seen.span("self").offsetMs).toBe(-30);
  });
});

describe("a link", () => {
  test("has what the client waited for beyond the server's time", () => {
    const seen = new Assembled([root(100), ...pair("b", [10, 90], [30, 75])]);
    const [edge] = seen.view.edges(seen.window);
    expect(edge?.id).toBe("a->b");
    expect([
      total(edge?.gapMsSum ?? new Float64Array()),
      total(edge?.gapCount ?? new Float64Array()),
    ]).toEqual([35, 1]);
    expect(edge?.calleeOperation).toBe("GET /b");
    expect(edge?.calleeInstance).toBe(entityId("service.instance", "b-0"));
    const [entry] = seen.view.entries(seen.window);
    expect(Object.fromEntries(entry?.criticalMs ?? [])).toEqual({
      "service:a": 20,
      "a->b": 35,
      "service:b": 45,
    });
  });

  test("to something outside the telemetry has the whole duration as its gap", () => {
    const seen = new Assembled([
      root(100),
      {
        id: "pay",
        under: "root",
        service: "a",
        kind: "client",
        calls: "psp.example",
        from: 10,
        to: 70,
      },
    ]);
    const [edge] = seen.view.edges(seen.window);
    expect(edge?.callee).toBe(entityId("external", "psp.example"));
    expect(total(edge?.gapMsSum ?? new Float64Array())).toBe(60);
    expect(seen.view.coverage(seen.window).unseenCallees).toEqual(["external:psp.example"]);
  });

  test("that timed out is cut at the timeout, and the time is the slow callee's", () => {
    const seen = new Assembled([
      { ...root(100), error: true },
      {
        id: "cb",
        under: "root",
        service: "a",
        kind: "client",
        calls: "b",
        from: 10,
        to: 90,
        error: true,
      },
      { id: "sb", under: "cb", service: "b", kind: "server", from: 11, to: 700 },
    ]);
    expect(seen.critical("root", "cb", "sb")).toEqual([20, 1, 79]);
    const [edge] = seen.view.edges(seen.window);
    expect(total(edge?.originErrors ?? new Float64Array())).toBe(1);
    expect(total(edge?.gapMsSum ?? new Float64Array())).toBe(0);
    const [entry] = seen.view.entries(seen.window);
    expect([...(entry?.failedAt ?? [])]).toEqual([["a->b", 1]]);
  });
});

describe("a failure", () => {
  test("of a link whose callee failed itself did not begin there", () => {
    const seen = new Assembled([
      { ...root(100), error: true },
      {
        id: "cb",
        under: "root",
        service: "a",
        kind: "client",
        calls: "b",
        from: 10,
        to: 90,
        error: true,
      },
      { id: "sb", under: "cb", service: "b", kind: "server", from: 11, to: 89, error: true },
    ]);
    const [edge] = seen.view.edges(seen.window);
    expect(total(edge?.errors ?? new Float64Array())).toBe(1);
    expect(total(edge?.originErrors ?? new Float64Array())).toBe(0);
    const stations = seen.view.stations(seen.window);
    const origins = stations.map((one) => [one.service, total(one.originErrors)]);
    expect(Object.fromEntries(origins)).toEqual({ "service:a": 0, "service:b": 1 });
    expect([...(seen.view.entries(seen.window)[0]?.failedAt ?? [])]).toEqual([["service:b", 1]]);
  });

  test("does not fail when its callee says that the request was wrong, but does when it is refused for load", () => {
    const call = (id: string, status: number): Line => ({
      id,
      under: "root",
      service: "a",
      kind: "client",
      calls: "b",
      from: 10,
      to: 20,
      error: true,
      attributes: { "http.response.status_code": status },
    });
    const seen = new Assembled([root(100), call("notfound", 404), call("busy", 429)]);
    expect(sumOf(seen.view.edges(seen.window), (edge) => edge.errors)).toBe(1);
  });
});

describe("retries", () => {
  const attempt = (id: string, from: number, error: boolean, over: Partial<Line> = {}): Line => ({
    id,
    under: "root",
    service: "a",
    kind: "client",
    calls: "b",
    from,
    to: from + 10,
    error,
    ...over,
  });
  const retriesOf = (lines: readonly Line[]): number => {
    const seen = new Assembled(lines);
    return sumOf(seen.view.edges(seen.window), (edge) => edge.retries);
  };

  test("are attempts that repeat one just failed in the same parent", () => {
    const lines = [
      root(100),
      attempt("1", 0, true),
      attempt("2", 20, true),
      attempt("3", 40, false),
    ];
    expect(retriesOf(lines)).toBe(2);
  });

  test("are seen through spans that frameworks put around each attempt", () => {
    const wrap = (id: string, from: number): Line => ({
      id,
      under: "root",
      service: "a",
      kind: "internal",
      from,
      to: from + 12,
    });
    const lines = [
      root(100),
      wrap("w1", 0),
      wrap("w2", 20),
      attempt("1", 0, true, { under: "w1" }),
      attempt("2", 20, false, { under: "w2" }),
    ];
    expect(retriesOf(lines)).toBe(1);
  });

  test("are not: another call after a success, a call beside a failing one, a call to somebody else", () => {
    expect(retriesOf([root(100), attempt("1", 0, false), attempt("2", 20, false)])).toBe(0);
    expect(retriesOf([root(100), attempt("1", 0, true), attempt("2", 5, true)])).toBe(0);
    const other = attempt("2", 20, false, { calls: "c" });
    expect(retriesOf([root(100), attempt("1", 0, true), other])).toBe(0);
  });

  test("that succeed take the failure back: the request failed nowhere", () => {
    const seen = new Assembled([root(100), attempt("1", 0, true), attempt("2", 20, false)]);
    const [entry] = seen.view.entries(seen.window);
    expect([...(entry?.failedAt ?? [])]).toEqual([]);
    const [station] = seen.view.stations(seen.window);
    expect(total(station?.originErrors ?? new Float64Array())).toBe(0);
  });
});

describe("spans that do not come, or come twice", () => {
  test("a missing middle span leaves its parent the time, and no ghost", () => {
    const [client, server] = pair("b", [10, 90], [11, 89]);
    const lines = [root(100), client, { ...server, under: "lost" }] as Line[];
    const seen = new Assembled(lines);
    expect(seen.critical("root", "cb")).toEqual([20, 80]);
    expect(seen.trace.spans).toHaveLength(2);
    const [edge] = seen.view.edges(seen.window);
    expect(edge?.callee).toBe(entityId("service", "b"));
    // The callee reports spans, and this one is not there: its share of the time is not known.
    expect(total(edge?.gapCount ?? new Float64Array())).toBe(0);
  });

  test("a server span whose client span is missing counts as a call of its parent", () => {
    const seen = new Assembled([
      root(100),
      { id: "sb", under: "root", service: "b", kind: "server", from: 10, to: 90 },
    ]);
    expect(seen.self("root", "sb")).toEqual([20, 80]);
    expect(seen.criticalSum).toBe(100);
  });

  test("a duplicate is counted once, and said", () => {
    const lines = [root(100), ...pair("b", [10, 40], [12, 38])];
    const again = lines.map((line) => ({ ...line, receivedS: 5 }));
    const world = worldOf(signalsOf([...lines, ...again]), at(30));
    const view = world.at(at(30));
    const window = { fromMs: at(-60), toMs: at(60) };
    expect(sumOf(view.stations(window), (one) => one.count)).toBe(2);
    expect(sumOf(view.edges(window), (one) => one.count)).toBe(1);
    expect(world.stats()).toMatchObject({ spans: 3, spansDuplicate: 3 });
  });
});

describe("a call that does not say where it goes", () => {
  const call: Line = { id: "cb", under: "root", service: "a", kind: "client", from: 10, to: 60 };
  const answer: Line = { id: "sb", under: "cb", service: "b", kind: "server", from: 20, to: 50 };
  const window = { fromMs: at(0), toMs: at(10) };
  const NONE = new Float64Array();

  test("goes to whoever answers it", () => {
    const view = worldOf(signalsOf([root(100), call, answer]), at(60)).at(at(60));
    const [edge] = view.edges(window);
    expect(edge?.id).toBe("a->b");
    expect(total(edge?.gapMsSum ?? NONE)).toBeCloseTo(20);
    const own = view.stations(window).find(({ service }) => service === entityId("service", "a"));
    expect(total(own?.selfMsSum ?? NONE)).toBeCloseTo(50);
  });

  test("is its caller's own work while nobody answers", () => {
    const view = worldOf(signalsOf([root(100), call]), at(60)).at(at(60));
    expect(view.edges(window)).toEqual([]);
    expect(view.entities({ type: "external" })).toEqual([]);
    const own = view.stations(window).find(({ service }) => service === entityId("service", "a"));
    expect(total(own?.selfMsSum ?? NONE)).toBeCloseTo(100);
  });
});

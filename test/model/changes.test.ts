import { expect, test } from "vitest";
import { CHANGES_MAX, ChangeLog, SAME_DEPLOY_MS } from "../../src/model/change-log.ts";
import { entityId } from "../../src/model/entity.ts";
import type { ChangeRecord, Signal } from "../../src/model/signal.ts";
import { restarted } from "../support/earlier-life.ts";
import { traceIdOf, traceSignals } from "../support/spans.ts";
import { at, worldOf } from "./reading.ts";

const ALL = { fromMs: at(-3600), toMs: at(7200) };

let next = 0;

/** One request that a version of a service served at a second. */
function served(version: string, atS: number, service = "cart"): Signal[] {
  next += 1;
  const visit = {
    service,
    operation: "GET /x",
    selfMs: 5,
    version,
    instance: `${service}-${version}`,
  };
  return traceSignals(visit, { traceId: traceIdOf(next), startMs: at(atS) });
}

function told(atS: number, over: Partial<ChangeRecord> = {}, receivedS = atS): Signal {
  const change: ChangeRecord = {
    id: `c-${atS}`,
    timeMs: at(atS),
    kind: "deploy",
    entity: "cart",
    summary: "deploy",
    attributes: { version: "1.1" },
    ...over,
  };
  return { type: "change", source: "webhook", receivedMs: at(receivedS), change };
}

const changesOf = (signals: readonly Signal[], untilS = 300) =>
  worldOf(signals, at(untilS)).at(at(untilS)).changes(ALL);

test("the first sight of a version is a change, at the time of its first span", () => {
  const [change, ...others] = changesOf([...served("1.0", 1), ...served("1.1", 100)]);
  expect(others).toEqual([]);
  expect(change).toMatchObject({
    kind: "deploy",
    origin: "observed",
    timeMs: at(100),
    entity: "service:cart",
    attributes: { version: "1.1", previous_version: "1.0" },
  });
});

test("whatever runs when the model first looks is no news, also two versions of one service", () => {
  const signals = [
    ...served("1.0", 1),
    ...served("1.1", 2),
    ...served("2.0", 3, "gateway"),
    ...served("1.0", 100),
    ...served("1.1", 101),
  ];
  expect(changesOf(signals)).toEqual([]);
});

test("a version that comes back is no first sight", () => {
  const signals = [served("1.0", 1), served("1.1", 100), served("1.0", 200)].flat();
  expect(changesOf(signals)).toHaveLength(1);
});

test("the earliest span of a new version dates it, in whatever order its spans arrive", () => {
  const [later] = served("1.1", 101);
  const [earlier] = served("1.1", 99);
  const received = (signal: Signal | undefined, receivedS: number): Signal =>
    ({ ...signal, receivedMs: at(receivedS) }) as Signal;
  const [change] = changesOf([...served("1.0", 1), received(later, 102), received(earlier, 102.5)]);
  expect(change?.timeMs).toBe(at(99));
});

test("nothing that was seen before a restart is news after it", () => {
  const before = worldOf([...served("1.0", 1), ...served("1.1", 100)], at(200));
  const after = restarted(before);
  worldOf([...served("1.1", 300), ...served("1.0", 301), ...served("1.2", 302)], at(400), after);
  expect(
    after
      .at(at(400))
      .changes(ALL)
      .map(({ timeMs, attributes }) => [timeMs, attributes.version]),
  ).toEqual([
    [at(100), "1.1"],
    [at(302), "1.2"],
  ]);
});

test.each(["before", "after"])(
  "a deploy that is told %s its version is seen is one change",
  (when) => {
    const toldS = when === "before" ? 95 : 130;
    const [change, ...others] = changesOf([
      ...served("1.0", 1),
      ...served("1.1", 100),
      told(95, {}, toldS),
    ]);
    expect(others).toEqual([]);
    expect(change).toMatchObject({
      id: "c-95",
      origin: "reported",
      timeMs: at(95),
      attributes: { first_seen_ms: at(100) },
    });
  },
);

test("a deploy told long before its version is seen stays apart from it", () => {
  const seenS = 100 + SAME_DEPLOY_MS / 1000;
  const signals = [...served("1.0", 1), told(95), ...served("1.1", seenS)];
  expect(changesOf(signals, seenS + 60).map((change) => change.origin)).toEqual([
    "reported",
    "observed",
  ]);
});

test("changes are joined to what they name: a service, `service:NAME`, a flag; else only the text is kept", () => {
  const changes = changesOf([
    ...served("1.0", 1),
    told(10, { kind: "config", entity: "cart" }),
    told(11, { kind: "config", entity: "service:cart" }),
    told(12, { kind: "flag", entity: "", attributes: { flag: "fast-search", variant: "on" } }),
    told(13, { kind: "config", entity: "nobody" }),
    told(14, { kind: "restart", entity: "instance:cart-1.0" }),
  ]);
  expect(changes.map((change) => [change.entityText, change.entity])).toEqual([
    ["cart", "service:cart"],
    ["service:cart", "service:cart"],
    ["", "flag:fast-search"],
    ["nobody", undefined],
    ["instance:cart-1.0", "service.instance:cart-1.0"],
  ]);
});

test("what became known later is not in what was known before", () => {
  const world = worldOf([...served("1.0", 1), told(50, { kind: "config" }, 120)], at(200));
  expect(world.at(at(60), at(60)).changes(ALL)).toEqual([]);
  expect(world.at(at(60)).changes(ALL)).toHaveLength(1);
  expect(world.at(at(40)).changes(ALL)).toEqual([]);
});

test("a change told again with more in it replaces what was told; told again the same, it is one", () => {
  const world = worldOf(
    [
      ...served("1.0", 1),
      told(50, { id: "x", kind: "config", summary: "first" }),
      told(50, { id: "x", kind: "config", summary: "first" }, 60),
      told(50, { id: "x", kind: "config", summary: "second" }, 100),
    ],
    at(200),
  );
  const summaries = (knownS: number): readonly string[] =>
    world
      .at(at(knownS), at(knownS))
      .changes(ALL)
      .map((change) => change.summary);
  expect([summaries(90), summaries(200)]).toEqual([["first"], ["second"]]);
});

test("a changed setting is the service's fact from then on, also when the service is heard of later", () => {
  const scaled = told(50, { kind: "scale", attributes: { replicas: 4, previous_replicas: 2 } });
  const undone = told(40, { id: "old", kind: "scale", attributes: { replicas: 2 } }, 60);
  const world = worldOf([scaled, undone, ...served("1.0", 100)], at(200));
  const replicas = (of: typeof world) =>
    of.at(at(200)).entity(entityId("service", "cart"))?.attributes.replicas;
  expect(replicas(world)).toBe(4);
  // One told late does not undo a later one, although it is recorded after it.
  expect(replicas(worldOf([...served("1.0", 1), scaled, undone], at(200)))).toBe(4);
});

test("the log forgets the oldest beyond its limit, and counts", () => {
  const log = new ChangeLog(() => undefined);
  const record = (index: number): ChangeRecord => ({
    id: `c${index}`,
    timeMs: index,
    kind: "config",
    entity: "cart",
    summary: "",
    attributes: {},
  });
  for (let index = 0; index < CHANGES_MAX + 10; index += 1)
    log.report(record(index), "reported", index);
  expect([log.size, log.forgotten]).toEqual([CHANGES_MAX, 10]);
  const belief = { sequence: log.sequence, knownAtMs: Number.POSITIVE_INFINITY };
  expect(log.select(belief, 0, 100)[0]?.record.id).toBe("c10");
});

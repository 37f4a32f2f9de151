import { expect, test } from "vitest";
import type { Attributes } from "../../src/model/entity.ts";
import { entityId } from "../../src/model/entity.ts";
import { RELATION_EXPIRY_MS } from "../../src/model/relation-store.ts";
import type { Signal } from "../../src/model/signal.ts";
import { createWorld } from "../../src/model/world.ts";
import { traceIdOf, traceSignals } from "../support/spans.ts";
import { signalsOf } from "./raw-trace.ts";
import { at, sumOf, worldOf } from "./reading.ts";

const WINDOW = { fromMs: at(-60), toMs: at(4000) };

let next = 0;

/** One request served by whom a resource describes, at a second. */
function served(resource: Attributes, atS: number): Signal {
  next += 1;
  const [signal] = traceSignals(
    { service: "x", operation: "GET /x", selfMs: 5 },
    { traceId: traceIdOf(next), startMs: at(atS) },
  );
  return { ...(signal as Signal & { type: "spans" }), resource };
}

const namesOf = (signals: readonly Signal[], type: "service" | "service.instance" | "host") =>
  worldOf(signals, at(60))
    .at(at(60))
    .entities({ type })
    .map((entity) => entity.name)
    .sort();

test("an instance, its host and its zone are read from resource attributes", () => {
  const resource = {
    "service.name": "cart",
    "service.version": "1.4.2",
    "service.instance.id": "cart-0",
    "host.name": "node-a1",
    "cloud.availability_zone": "eu-1a",
    "process.runtime.name": "nodejs",
  };
  const view = worldOf([served(resource, 3)], at(60)).at(at(60));
  expect(view.entity(entityId("service.instance", "cart-0"))).toMatchObject({
    attributes: {
      version: "1.4.2",
      host: "node-a1",
      zone: "eu-1a",
      "process.runtime.name": "nodejs",
    },
    firstSeenMs: at(3),
  });
  const shown = view
    .relations({})
    .map(({ type, from, to }) => `${from} ${type} ${to}`)
    .sort();
  expect(shown).toEqual([
    "deployment:cart@1.4.2 version_of service:cart",
    "host:node-a1 hosted_in zone:eu-1a",
    "service.instance:cart-0 instance_of service:cart",
    "service.instance:cart-0 runs_on host:node-a1",
    "service:cart exposes operation:cart GET /x",
  ]);
});

test.each([
  [{ "service.instance.id": "i-1", "k8s.pod.name": "cart-7f" }, "cart-7f"],
  [{ "k8s.pod.uid": "0f3c", "k8s.pod.name": "cart-7f" }, "cart-7f"],
  [{ "k8s.pod.name": "cart-7f" }, "cart-7f"],
  [{ "container.id": "0123456789abcdef" }, "0123456789ab"],
  [{ "host.name": "n1", "process.pid": 77 }, "n1:77"],
])("an instance is told by %j and called %s", (attributes, name) => {
  expect(
    namesOf([served({ "service.name": "cart", ...attributes }, 1)], "service.instance"),
  ).toEqual([name]);
});

test("a pod's own name is no host, and a node is", () => {
  const pod = { "service.name": "cart", "k8s.pod.name": "cart-7f", "host.name": "cart-7f" };
  expect(namesOf([served(pod, 1)], "host")).toEqual([]);
  expect(namesOf([served({ ...pod, "k8s.node.name": "n1" }, 1)], "host")).toEqual(["n1"]);
});

test("services of one name in two namespaces or environments are two, and unsaid environments are the first's", () => {
  const name = { "service.name": "cart" };
  const signals = [
    served({ ...name, "deployment.environment.name": "production" }, 1),
    served(name, 2),
    served({ ...name, "deployment.environment.name": "staging" }, 3),
    served({ ...name, "service.namespace": "shop" }, 4),
  ];
  const view = worldOf(signals, at(60)).at(at(60));
  const counts = view.entities({ type: "service" }).map(({ id, name }) => [
    name,
    sumOf(
      view.stations(WINDOW),
      (one) => one.count,
      (one) => one.service === id,
    ),
  ]);
  expect(Object.fromEntries(counts)).toEqual({ cart: 2, "staging/cart": 1, "shop/cart": 1 });
});

test("an instance that falls silent stays related until its time is up, and then until it was last seen", () => {
  const cart = (id: string): Attributes => ({ "service.name": "cart", "service.instance.id": id });
  const goneS = 100;
  const lastS = goneS + RELATION_EXPIRY_MS / 1000 + 60;
  const signals = Array.from({ length: lastS / 10 }, (_, index) => [
    served(cart("cart-0"), index * 10),
    ...(index * 10 < goneS ? [served(cart("cart-1"), index * 10)] : []),
  ]).flat();
  const view = (atS: number, world = worldOf(signals, at(lastS))) => world.at(at(atS));
  const instancesAt = (atS: number): readonly string[] =>
    view(atS)
      .relations({ type: "instance_of", to: entityId("service", "cart") })
      .map((relation) => relation.from)
      .sort();
  expect(instancesAt(50)).toEqual(["service.instance:cart-0", "service.instance:cart-1"]);
  expect(instancesAt(lastS)).toEqual(["service.instance:cart-0"]);
  expect(instancesAt(200)).toEqual(["service.instance:cart-0"]);
  const now = view(lastS);
  expect(now.entity(entityId("service.instance", "cart-1"))?.lastSeenMs).toBeLessThan(at(goneS));
});

test("an instance that moves to another host runs on one at a time", () => {
  const on = (host: string): Attributes => ({
    "service.name": "cart",
    "service.instance.id": "cart-0",
    "host.name": host,
  });
  const signals = [0, 5, 10].map((atS) => served(on("n1"), atS));
  const moved = [60, 65, 70].map((atS) => served(on("n2"), atS));
  const world = worldOf([...signals, ...moved], at(120));
  const hostAt = (atS: number): readonly string[] =>
    world
      .at(at(atS))
      .relations({ type: "runs_on", from: entityId("service.instance", "cart-0") })
      .map((relation) => relation.to);
  expect(hostAt(10)).toEqual(["host:n1"]);
  expect(hostAt(100)).toEqual(["host:n2"]);
});

test("a service first seen as a callee is one entity with the service that reports itself later", () => {
  const call = {
    id: "c",
    service: "gateway",
    kind: "client",
    calls: "cart",
    from: 0,
    to: 10,
  } as const;
  const early = signalsOf([{ ...call, receivedS: 2 }], at(1));
  const own = [20, 21, 22].map((atS) =>
    served({ "service.name": "cart", "service.instance.id": "cart-0" }, atS),
  );
  const again = signalsOf([{ ...call, id: "d", traceId: "b".repeat(32), receivedS: 32 }], at(30));
  const world = worldOf([...early, ...own, ...again], at(60));
  const view = world.at(at(60));
  expect(view.entities().map((entity) => entity.id)).not.toContain("external:cart");
  expect(view.entity(entityId("external", "cart"))?.id).toBe("service:cart");
  expect(view.edges(WINDOW).map((edge) => edge.callee)).toEqual(["service:cart", "service:cart"]);
  expect(
    view.relations({ from: entityId("service", "gateway") }).map(({ type, to }) => [type, to]),
  ).toEqual([["calls", "service:cart"]]);
  // By what was known then, it was something outside.
  expect(
    world
      .at(at(15), at(15))
      .edges(WINDOW)
      .map((edge) => edge.callee),
  ).toEqual(["external:cart"]);
});

test("two addresses, ports or peer names are two callees, and a database keeps its name on another loopback port", () => {
  const call = (id: string, attributes: Attributes) => ({
    id,
    service: "gateway",
    kind: "client" as const,
    from: 0,
    to: 10,
    attributes,
  });
  const db = {
    "db.system.name": "postgresql",
    "db.namespace": "shop",
    "server.address": "127.0.0.1",
  };
  const lines = [
    call("a", {
      "http.request.method": "GET",
      "network.peer.address": "10.0.0.1",
      "server.port": 80,
    }),
    call("b", {
      "http.request.method": "GET",
      "network.peer.address": "10.0.0.2",
      "server.port": 80,
    }),
    call("c", { "http.request.method": "GET", "peer.service": "billing" }),
    call("d", { "http.request.method": "GET", "peer.service": "ledger" }),
    call("e", { ...db, "server.port": 5001 }),
    call("f", { ...db, "server.port": 5002 }),
  ];
  const view = worldOf(signalsOf(lines), at(30)).at(at(30));
  const callees = view.edges(WINDOW).map((edge) => edge.callee);
  expect([...new Set(callees)].sort()).toEqual([
    "database:shop",
    "external:10.0.0.1:80",
    "external:10.0.0.2:80",
    "external:billing",
    "external:ledger",
  ]);
});

test("names are one line of visible characters, and long ones that differ at the end stay apart", () => {
  const odd = "ca\u202ert\n\u0000x->y|z:1";
  const long = "n".repeat(300);
  const signals = [odd, `${long}-1`, `${long}-2`, "__proto__", "constructor"].map((name, index) =>
    served({ "service.name": name, "service.instance.id": "0" }, index),
  );
  const names = namesOf(signals, "service");
  expect(names).toHaveLength(5);
  expect(names).toContain("cart x->y|z:1");
  expect(
    names.every((name) => name.length <= 200 && /^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u.test(name)),
  ).toBe(true);
});

test("what a node's agent says of a pod is the instance's; of an unknown pod it is nobody's", () => {
  const pod = { "k8s.pod.name": "cart-7f", "k8s.node.name": "n1" };
  const gauge = (resource: Attributes, value: number): Signal => ({
    type: "metrics",
    source: "test",
    receivedMs: at(6),
    resource,
    points: [
      {
        name: "k8s.pod.cpu.usage",
        unit: "1",
        kind: "gauge",
        temporality: "unspecified",
        monotonic: false,
        startMs: 0,
        timeMs: at(6),
        attributes: {},
        value,
        count: 0,
      },
    ],
  });
  const world = worldOf(
    [
      served({ "service.name": "cart", ...pod }, 1),
      gauge(pod, 0.5),
      gauge({ ...pod, "k8s.pod.name": "other" }, 0.9),
    ],
    at(30),
  );
  const view = world.at(at(30));
  const instance = entityId("service.instance", "cart-7f");
  expect(view.metrics(instance).map((info) => info.metric)).toEqual(["k8s.pod.cpu.usage"]);
  expect(view.metrics(entityId("host", "n1"))).toEqual([]);
  expect(world.stats().pointsRefused).toBe(1);
});

test("behind an address that two services answer equally often, the first by name is the usual one", () => {
  const pairs = (services: readonly string[]) =>
    services.flatMap((service, index) => {
      const [client, server] = [`c${index}`, `s${index}`];
      return [
        { id: client, service: "a", kind: "client" as const, calls: "lb", from: 0, to: 10 },
        { id: server, under: client, service, kind: "server" as const, from: 1, to: 9 },
      ];
    });
  const lost = { id: "x", service: "a", kind: "client", calls: "lb", from: 20, to: 30 } as const;
  const calleeOfLost = (services: readonly string[]): unknown =>
    worldOf(signalsOf([...pairs(services), lost]), at(30))
      .at(at(30))
      .edges(WINDOW)
      .find((edge) => edge.calleeInstance === undefined)?.callee;
  expect(calleeOfLost(["red", "blue"])).toBe("service:blue");
  expect(calleeOfLost(["blue", "red"])).toBe("service:blue");
});

test("two versions of a service that serve side by side are told apart", () => {
  const version = (name: string, atS: number) =>
    served(
      {
        "service.name": "cart",
        "service.instance.id": `cart-${name}`,
        "service.version": name,
      },
      atS,
    );
  const signals = [version("1.0", 1), version("1.1", 2), version("1.1", 3)];
  const stations = worldOf(signals, at(30)).at(at(30)).stations(WINDOW);
  const counts = stations.map((one) => [one.version, sumOf([one], (row) => row.count)]);
  expect(Object.fromEntries(counts)).toEqual({ "1.0": 1, "1.1": 2 });
});

test("what telemetry says of an entity was so only since then", () => {
  const cart = (version: string): Attributes => ({
    "service.name": "cart",
    "service.instance.id": `cart-${version}`,
    "service.version": version,
  });
  const world = worldOf([served(cart("1.0"), 1), served(cart("1.1"), 100)], at(200));
  const versionAt = (atS: number) =>
    world.at(at(atS)).entity(entityId("service", "cart"))?.attributes.version;
  expect([versionAt(50), versionAt(200)]).toEqual(["1.0", "1.1"]);
});

test("in the past a service is last seen when it was heard then, not when it came back", () => {
  const cart: Attributes = { "service.name": "cart", "service.instance.id": "cart-0" };
  const other: Attributes = { "service.name": "other" };
  const signals = Array.from({ length: 30 }, (_, index) => [
    served(other, index * 10),
    ...(index < 5 || index > 20 ? [served(cart, index * 10)] : []),
  ]).flat();
  const view = worldOf(signals, at(300)).at(at(150));
  for (const id of [entityId("service", "cart"), entityId("service.instance", "cart-0")]) {
    const lastSeenMs = view.entity(id)?.lastSeenMs ?? 0;
    expect(lastSeenMs).toBeGreaterThanOrEqual(at(40));
    expect(lastSeenMs).toBeLessThanOrEqual(at(50));
  }
  expect(view.coverage({ fromMs: at(0), toMs: at(150) }).silentServices).toEqual(["service:cart"]);
});

test("a view does not change when the world goes on", () => {
  const world = createWorld();
  worldOf([served({ "service.name": "cart" }, 1)], at(20), world);
  const view = world.at(at(20));
  const call = { id: "c", service: "cart", kind: "client", calls: "psp", from: 0, to: 9 } as const;
  worldOf(signalsOf([{ ...call, receivedS: 31 }], at(30)), at(60), world);
  worldOf([served({ "service.name": "psp" }, 70)], at(100), world);
  expect(
    view
      .entities()
      .map((entity) => entity.id)
      .sort(),
  ).toEqual(["operation:cart GET /x", "service:cart"]);
  expect(view.coverage(WINDOW).unseenCallees).toEqual([]);
  expect(view.relations({})).toHaveLength(1);
  expect(world.at(at(100)).entities().length).toBeGreaterThan(2);
});

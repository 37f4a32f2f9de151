import { expect, test } from "vitest";
import { parseTopologyFile } from "../../src/telemetry/topology-file.ts";

const parse = (value: unknown) =>
  parseTopologyFile(typeof value === "string" ? value : JSON.stringify(value), {
    source: "topology-file",
    receivedMs: 5,
  });

const ENTITIES = [
  { id: "cart", kind: "service", name: "cart", attributes: { replicas: 2, owner: null } },
  { id: "cart-0", kind: "pod" },
  { id: "node-a1", kind: "node" },
  { id: "zone-a", kind: "zone" },
  { id: "shop-db", kind: "database" },
];

test("entities and relations become a signal in the model's words", () => {
  const signal = parse({
    entities: ENTITIES,
    relations: [
      { from: "cart", to: "shop-db", kind: "calls" },
      { from: "cart-0", to: "cart", kind: "part_of" },
      { from: "cart-0", to: "node-a1", kind: "runs_on" },
      { from: "node-a1", to: "zone-a", kind: "part_of" },
    ],
  });
  expect(signal).toMatchObject({ type: "topology", source: "topology-file", receivedMs: 5 });
  expect(signal.entities[0]).toEqual({
    id: "cart",
    kind: "service",
    name: "cart",
    attributes: { replicas: 2 },
  });
  expect(signal.entities.map(({ kind }) => kind)).toEqual([
    "service",
    "service.instance",
    "host",
    "zone",
    "database",
  ]);
  expect(signal.entities[1]?.name).toBe("cart-0");
  expect(signal.relations.map(({ type }) => type)).toEqual([
    "depends_on",
    "instance_of",
    "runs_on",
    "hosted_in",
  ]);
});

test.each([
  ["it is not JSON", "{"],
  ["entities: ", {}],
  ['entities.0.kind is "server"', { entities: [{ id: "a", kind: "server" }] }],
  ['entities.0.kind is "__proto__"', { entities: [{ id: "a", kind: "__proto__" }] }],
  ['the entity "cart" occurs twice', { entities: [ENTITIES[0], ENTITIES[0]] }],
  [
    'relations.0 names "ghost"',
    { entities: ENTITIES, relations: [{ from: "ghost", to: "cart", kind: "calls" }] },
  ],
  [
    "relations.0.kind: ",
    { entities: ENTITIES, relations: [{ from: "cart", to: "cart", kind: "likes" }] },
  ],
])("says what is wrong: %s", (message, value) => {
  expect(() => parse(value)).toThrow(message);
});

import { expect, test } from "vitest";
import { type Entity, type EntityType, entityId } from "../../src/model/entity.ts";
import { resolveName } from "../../src/model/near-names.ts";

const entity = (type: EntityType, name: string): Entity => ({
  id: entityId(type, name),
  type,
  name,
  attributes: {},
  firstSeenMs: 0,
  lastSeenMs: 0,
});

const ALL = [
  entity("database", "orders"),
  entity("service", "orders"),
  entity("service", "checkout"),
  entity("service.instance", "checkout-0"),
  entity("host", "node-a1"),
  entity("operation", "gateway POST /checkout"),
  entity("operation", "gateway GET /"),
  entity("operation", "admin GET /"),
];
const names = {
  byId: (id: string) => ALL.find((one) => one.id === id),
  all: () => ALL,
};

const found = (text: string, types?: readonly EntityType[]): string => {
  const resolution = resolveName(text, names, types);
  return resolution.ok ? resolution.entity.id : `? ${resolution.didYouMean.join(" ")}`;
};

test.each([
  ["service:checkout", "service:checkout"],
  ["  Checkout ", "service:checkout"],
  ["pod:checkout-0", "service.instance:checkout-0"],
  ["node:node-a1", "host:node-a1"],
  ["db:orders", "database:orders"],
  ["orders", "service:orders"],
  ["POST /checkout", "operation:gateway POST /checkout"],
])("%j is %s", (text, id) => {
  expect(found(text)).toBe(id);
});

test("an end that two operations share names neither", () => {
  expect(found("GET /")).toMatch(/^\?/);
});

test("the wanted types decide between things of one name", () => {
  expect(found("orders", ["database"])).toBe("database:orders");
  expect(found("service:orders", ["database"])).toBe("database:orders");
});

test("what names nothing gets near names, nearest first, and words of the language are no types", () => {
  expect(found("chekout")).toMatch(/^\? service:checkout /);
  expect(found("zzz")).toBe("? ");
  expect(found("constructor:x")).toBe("? ");
  expect(found("")).toBe("? ");
});

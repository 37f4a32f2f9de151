import { expect, test } from "vitest";
import { type EdgeId, type EntityId, entityId } from "../../src/model/entity.ts";
import { placeName, resolveEntity, resolveLink } from "../../tools/named-entity.ts";
import { contextOf, sharedShop } from "./tool-world.ts";

const { view } = contextOf(sharedShop());
const hour = { fromMs: view.retainedFromMs, toMs: view.closedMs };

test("finds entities by the words that people use", () => {
  const found = (text: string): EntityId | string => {
    const resolved = resolveEntity(view, text);
    return resolved.ok ? resolved.entity.id : resolved.code;
  };
  expect(found("catalog")).toBe("service:catalog");
  expect(found(" CATALOG ")).toBe("service:catalog");
  expect(found("instance:catalog-0")).toBe("service.instance:catalog-0");
  expect(found("node:node-0")).toBe("host:node-0");
  expect(found("db:shop")).toBe("database:shop");
  expect(found("GET /product/{id}")).toBe("operation:gateway GET /product/{id}");
  expect(found("katalog")).toBe("entity_unknown");
});

test("offers names as people say them", () => {
  const refused = resolveEntity(view, "chekout");
  expect(refused.ok === false && refused.didYouMean).toEqual(expect.arrayContaining(["checkout"]));
  expect(refused.ok === false && refused.didYouMean?.join()).not.toContain("service:");
});

test("asks only for the types that fit", () => {
  expect(resolveEntity(view, "catalog", ["operation"]).ok).toBe(false);
  expect(resolveEntity(view, "catalog-1", ["service.instance"]).ok).toBe(true);
});

test("finds links in any of their spellings, and says which there are", () => {
  for (const text of ["gateway->catalog", "edge:gateway->catalog", "gateway → service:catalog"]) {
    expect(resolveLink(view, text, hour)).toMatchObject({
      ok: true,
      link: { id: "gateway->catalog" },
    });
  }
  expect(resolveLink(view, "catalog", hour)).toBeUndefined();
  const back = resolveLink(view, "catalog->gateway", hour);
  expect(back).toMatchObject({ ok: false, code: "link_unknown" });
  expect(back?.ok === false && back.didYouMean).toContain("gateway->catalog");
});

test("shows places so that instances, links and services are told apart", () => {
  expect(placeName(entityId("service", "cart"))).toBe("cart");
  expect(placeName(entityId("service.instance", "cart-0"))).toBe("instance:cart-0");
  expect(placeName("cart->db" as EdgeId)).toBe("cart->db");
  expect(placeName(entityId("service", "a->b"))).toBe("a->b");
});

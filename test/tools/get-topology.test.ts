import { expect, test } from "vitest";
import { getTopology } from "../../tools/get-topology.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, contextOf, sharedShop, shopVisit } from "./tool-world.ts";

const pairs = (links: readonly { readonly from: string; readonly to: string }[]): string[] =>
  links.map((one) => `${one.from}->${one.to}`).sort();

test("maps who calls whom and where instances run", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), getTopology);
  expect(pairs(data.links)).toEqual([
    "catalog->shop",
    "checkout->payment",
    "checkout->shop",
    "gateway->catalog",
    "gateway->checkout",
    "payment->psp.example",
  ]);
  expect(data.instances).toContainEqual({
    instance: "catalog-1",
    service: "catalog",
    host: "node-1",
    zone: "zone-b",
  });
  const link = evidence.find((one) => one.about === "payment->psp.example");
  expect(quantityOf(link, "meanMs")).toBeCloseTo(41, 0);
  expect(link?.kind).toBe("edge");
});

test("maps the neighbours of a service, and of what runs or is exposed there", async () => {
  const context = contextOf(sharedShop());
  const around = async (text: string, hops = 1): Promise<string[]> =>
    pairs((await answered(context, getTopology, { around: text, hops })).data.links);
  const ofPayment = ["checkout->payment", "payment->psp.example"];
  expect(await around("payment")).toEqual(ofPayment);
  expect(await around("instance:payment-0")).toEqual(ofPayment);
  expect(await around("payment POST /pay")).toEqual(ofPayment);
  expect(await around("psp.example")).toEqual(["payment->psp.example"]);
  expect(await around("payment", 2)).toContain("gateway->checkout");
  expect(await around("edge-0")).toEqual(["gateway->catalog", "gateway->checkout"]);
  expect((await refused(context, getTopology, { around: "paiment" })).code).toBe("entity_unknown");
});

test("shows retries and failures of a link", async () => {
  const world = buildWorld({
    seconds: 60,
    rate: 4,
    visit: () => ({
      service: "api",
      operation: "GET /",
      selfMs: 2,
      calls: [
        { to: { external: "psp", what: "POST", ms: 5, error: "timeout" } },
        { to: { external: "psp", what: "POST", ms: 5 } },
      ],
    }),
  });
  const { data } = await answered(contextOf(world, { nowMs: at(70) }), getTopology);
  expect(data.links[0]).toMatchObject({ from: "api", to: "psp", errorRatio: 0.5, retryRatio: 0.5 });
});

test("shows the map as it was, and says when there were no calls", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 4,
    visit: (request, atS) =>
      atS < 60 ? { service: "gateway", operation: "GET /", selfMs: 2 } : shopVisit(request, atS),
  });
  const context = contextOf(world, { nowMs: at(130) });
  const { data, notes } = await answered(context, getTopology, { at: "02:00:50" });
  expect(data.links).toEqual([]);
  expect(notes).toContain("no calls were observed in the window");
});

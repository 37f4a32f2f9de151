import { expect, test } from "vitest";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import { shop } from "../../scenario/worlds/shop.ts";
import { tickets } from "../../scenario/worlds/tickets.ts";
import { simulatedView } from "../../support/simulated-view.ts";

const SEEDS = [1, 2, 3, 4];

test("blames a host whose replicas are slow while their siblings elsewhere are well", () => {
  for (const seed of SEEDS) {
    const view = simulatedView(shop.system(40), {
      seconds: 150,
      seed,
      slos: shop.slos,
      interventions: [[120, { type: "slow-host", host: "node-a1", factor: 12 }]],
    });
    expect(diagnose(view, { sloId: "product" }).hypotheses[0]?.name).toBe("host:node-a1");
  }
});

test("blames no host when siblings elsewhere are nearly as slow", () => {
  for (const seed of SEEDS) {
    const view = simulatedView(tickets.system(10), {
      seconds: 132,
      seed,
      slos: tickets.slos,
      // Everybody waits for the database; who waits longer is chance.
      interventions: [[120, { type: "pace", of: "seating", factor: 60 }]],
    });
    const { hypotheses } = diagnose(view, { sloId: "seats" });
    expect(hypotheses[0]?.type, `seed ${seed}`).not.toMatch(/host|zone/);
  }
});

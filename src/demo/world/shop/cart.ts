import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Instance, serve } from "./handler.ts";
import { digest, regionOf, userOf } from "./work.ts";

const itemBody = z.object({ sku: z.number().int(), quantity: z.number().int().min(1) });

export function addCart(app: FastifyInstance, instance: Instance): void {
  const { station, plan, build, database } = instance;
  const unknownRegions = build.unknownRegions ?? 0;
  const holdMs = plan.serviceMs * (build.holdFactor ?? 1);

  serve(app, { method: "POST", url: "/cart/:user" }, async (request, signal) => {
    const user = userOf(request.params);
    const { sku, quantity } = itemBody.parse(request.body);
    return station.run(holdMs, signal, async () => {
      const region = regionOf(user, unknownRegions);
      await database.query(
        "INSERT INTO cart_items(customer, sku, quantity) VALUES ($1, $2, $3) ON CONFLICT (customer, sku) DO UPDATE SET quantity = LEAST(cart_items.quantity + $3, $4)",
        [user, sku, quantity, Number(instance.setting("item_limit"))],
      );
      digest(3);
      return { region };
    });
  });
  serve(app, { method: "GET", url: "/cart/:user" }, async (request, signal) => {
    const user = userOf(request.params);
    return station.run(holdMs, signal, async () => {
      regionOf(user, unknownRegions);
      return database.query("SELECT sku, quantity FROM cart_items WHERE customer = $1 LIMIT 20", [
        user,
      ]);
    });
  });
  serve(app, { method: "DELETE", url: "/cart/:user" }, async (request, signal) => {
    const user = userOf(request.params);
    return station.run(holdMs, signal, async () => {
      await database.query("DELETE FROM cart_items WHERE customer = $1", [user]);
      return {};
    });
  });
}

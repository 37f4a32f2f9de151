import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Instance, serve } from "./handler.ts";
import { digest, itemsSchema, regionOf } from "./work.ts";

const reservationBody = z.object({ user: z.number().int().min(0), items: itemsSchema });

export function addInventory(app: FastifyInstance, instance: Instance): void {
  const { station, plan, build, database } = instance;
  serve(app, { method: "POST", url: "/reservations" }, async (request, signal) => {
    const { user, items } = reservationBody.parse(request.body);
    // In one order for everybody, so that two reservations cannot wait for each other.
    const sorted = [...items].sort((a, b) => a.sku - b.sku);
    return station.run(plan.serviceMs * (build.holdFactor ?? 1), signal, async () => {
      const region = regionOf(user, build.unknownRegions ?? 0);
      await database.transaction(async (client) => {
        for (const { sku, quantity } of sorted.slice(0, Number(instance.setting("reserve_batch"))))
          await client.query("UPDATE stock SET quantity = quantity - $1 WHERE sku = $2", [
            quantity,
            sku,
          ]);
      });
      digest(2);
      return { region };
    });
  });
}

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { plannedCall } from "./calls.ts";
import { type Instance, serve } from "./handler.ts";
import { digest, itemsSchema, userOf } from "./work.ts";

const chargeSchema = z.object({ charge: z.string() });
const orderSchema = z.object({ order: z.number() });

/** Turns a cart into an order: reserve, charge, record, empty the cart. */
export function addCheckout(app: FastifyInstance, instance: Instance): void {
  const { station, caller, plan } = instance;
  const to = (callee: "cart" | "inventory" | "payment" | "orders") =>
    plannedCall(plan.callees, callee);

  serve(app, { method: "POST", url: "/checkout/:user" }, async (request, signal) => {
    const user = userOf(request.params);
    await station.run(plan.serviceMs, signal, async () => digest(4));
    const cart = `/cart/${user}`;
    const items = itemsSchema.parse(
      await caller.call({ ...to("cart"), method: "GET", path: cart }),
    );
    if (items.length === 0) return { empty: true };
    await caller.call({
      ...to("inventory"),
      method: "POST",
      path: "/reservations",
      body: { user, items },
    });
    const { charge } = chargeSchema.parse(
      await caller.call({
        ...to("payment"),
        method: "POST",
        path: "/charges",
        body: { user, amount: items.length * 10 },
      }),
    );
    const { order } = orderSchema.parse(
      await caller.call({
        ...to("orders"),
        method: "POST",
        path: "/orders",
        body: { user, items, charge },
      }),
    );
    await caller.call({ ...to("cart"), method: "DELETE", path: cart });
    return { order };
  });
}

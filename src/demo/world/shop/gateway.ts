import type { FastifyInstance } from "fastify";
import { plannedCall } from "./calls.ts";
import { type Instance, serve } from "./handler.ts";
import { digest, idOf, userOf } from "./work.ts";

const CATEGORIES = 20;

/** The entry of the shop: the only service that customers reach. */
export function addGateway(app: FastifyInstance, instance: Instance): void {
  const { station, caller, plan, random } = instance;
  const own = (signal: AbortSignal): Promise<string> =>
    station.run(plan.serviceMs, signal, async () => digest(4));
  const to = (callee: "catalog" | "cart" | "checkout") => plannedCall(plan.callees, callee);

  serve(app, { method: "GET", url: "/" }, async (_request, signal) => {
    await own(signal);
    const category = Math.floor(random() * CATEGORIES);
    const products = await caller.call({
      ...to("catalog"),
      method: "GET",
      path: `/products?category=${category}`,
    });
    return { products };
  });
  serve(app, { method: "GET", url: "/product/:id" }, async (request, signal) => {
    await own(signal);
    const path = `/products/${idOf(request.params)}`;
    return caller.call({ ...to("catalog"), method: "GET", path });
  });
  serve(app, { method: "POST", url: "/cart/:user" }, async (request, signal) => {
    await own(signal);
    const path = `/cart/${userOf(request.params)}`;
    return caller.call({ ...to("cart"), method: "POST", path, body: request.body });
  });
  serve(app, { method: "POST", url: "/checkout/:user" }, async (request, signal) => {
    await own(signal);
    const path = `/checkout/${userOf(request.params)}`;
    return caller.call({ ...to("checkout"), method: "POST", path, body: {} });
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import type { PoolClient } from "pg";
import { z } from "zod";
import { steadyMs } from "../random.ts";
import { LEDGER_MS } from "../shop-plan.ts";
import { type Instance, serve } from "./handler.ts";
import { digest, idOf, itemsSchema } from "./work.ts";

const orderBody = z.object({ user: z.number(), items: itemsSchema, charge: z.string() });
export const JOB_QUEUE = "fulfilment_jobs";

export function addOrders(app: FastifyInstance, instance: Instance): void {
  const { station, plan, database } = instance;
  serve(app, { method: "POST", url: "/orders" }, async (request, signal) => {
    const body = orderBody.parse(request.body);
    await station.run(plan.serviceMs, signal, async () => digest(2));
    const order = await database.transaction(async (client) => {
      const added = await client.query<{ id: string }>(
        "INSERT INTO orders(customer, total, charge, invoice, status) VALUES ($1, $2, $3, $4, 'placed') RETURNING id",
        [body.user, body.items.length * 10, body.charge, instance.setting("invoice_prefix")],
      );
      const id = Number(added.rows[0]?.id ?? 0);
      for (const { sku, quantity } of body.items)
        await client.query("INSERT INTO order_lines(order_id, sku, quantity) VALUES ($1, $2, $3)", [
          id,
          sku,
          quantity,
        ]);
      await ledgerAcknowledges(instance);
      await publishJob(client, id);
      return id;
    });
    return { order };
  });
  serve(app, { method: "POST", url: "/orders/:id/shipped" }, async (request, signal) => {
    const id = idOf(request.params);
    await station.run(plan.serviceMs, signal, async () => digest(1));
    await database.transaction(async (client) => {
      await client.query("UPDATE orders SET status = 'shipped' WHERE id = $1", [id]);
      await ledgerAcknowledges(instance);
    });
    return {};
  });
}

/** The books want each transaction acknowledged before it is closed; the connection stays taken meanwhile. */
async function ledgerAcknowledges(instance: Instance): Promise<void> {
  await sleep(steadyMs(LEDGER_MS, instance.random));
}

/** Puts a job into the queue table, with its trace context, as a message broker's client would. */
async function publishJob(client: PoolClient, order: number): Promise<void> {
  await trace.getTracer("shop.jobs").startActiveSpan(
    `send ${JOB_QUEUE}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        "messaging.system": "postgresql",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": JOB_QUEUE,
      },
    },
    async (span) => {
      try {
        const carrier: Record<string, string> = {};
        propagation.inject(context.active(), carrier);
        await client.query("INSERT INTO fulfilment_jobs(order_id, traceparent) VALUES ($1, $2)", [
          order,
          carrier.traceparent ?? "",
        ]);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

import { setTimeout as sleep } from "node:timers/promises";
import {
  type Link,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { PoolClient } from "pg";
import { errorText } from "../../../errors.ts";
import { exponentialMs } from "../random.ts";
import { plannedCall } from "./calls.ts";
import type { Instance } from "./handler.ts";
import { JOB_QUEUE } from "./orders.ts";

/** Pause before another look at the deferred charges, and after trouble. */
const DEFERRED_PAUSE_MS = 2_000;
const TROUBLE_PAUSE_MS = 1_000;

interface Job {
  readonly id: string;
  readonly order_id: string;
  readonly traceparent: string;
}

interface DeferredCharge {
  readonly id: string;
  readonly customer: number;
  readonly amount: number;
}

/** The asynchronous worker: as many lanes as workers take jobs from the queue table, one more charges what was deferred. */
export function startFulfilment(instance: Instance): void {
  for (let lane = 0; lane < instance.plan.workers; lane += 1)
    void runLane(instance, () => takeJob(instance), Number(instance.setting("poll_ms")));
  void runLane(instance, () => chargeDeferred(instance), DEFERRED_PAUSE_MS);
}

/** Takes work until the process stops. Never rejects: trouble is logged and followed by a pause. */
async function runLane(
  instance: Instance,
  take: () => Promise<boolean>,
  idleMs: number,
): Promise<void> {
  while (!instance.stopping.aborted) {
    let pauseMs = 0;
    try {
      if (!(await take())) pauseMs = idleMs;
    } catch (error) {
      instance.log.warn({ err: errorText(error) }, "job failed, it stays queued");
      pauseMs = TROUBLE_PAUSE_MS;
    }
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

async function takeJob(instance: Instance): Promise<boolean> {
  return instance.database.transaction(async (client) => {
    const taken = await client.query<Job>(
      "SELECT id, order_id, traceparent FROM fulfilment_jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    );
    const job = taken.rows[0];
    if (job === undefined) return false;
    await shipInSpan(instance, client, job);
    return true;
  });
}

async function shipInSpan(instance: Instance, client: PoolClient, job: Job): Promise<void> {
  const { caller, plan } = instance;
  const producer = propagation.extract(ROOT_CONTEXT, { traceparent: job.traceparent });
  const producerSpan = trace.getSpanContext(producer);
  const links: Link[] = producerSpan === undefined ? [] : [{ context: producerSpan }];
  await trace.getTracer("shop.jobs").startActiveSpan(
    `process ${JOB_QUEUE}`,
    {
      kind: SpanKind.CONSUMER,
      root: true,
      links,
      attributes: {
        "messaging.system": "postgresql",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": JOB_QUEUE,
      },
    },
    async (span) => {
      try {
        await sleep(exponentialMs(plan.serviceMs, instance.random));
        await caller.call({
          ...plannedCall(plan.callees, "orders"),
          method: "POST",
          path: `/orders/${job.order_id}/shipped`,
          body: {},
        });
        await client.query("DELETE FROM fulfilment_jobs WHERE id = $1", [job.id]);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: errorText(error) });
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

async function chargeDeferred(instance: Instance): Promise<boolean> {
  const { caller, plan } = instance;
  return instance.database.transaction(async (client) => {
    const taken = await client.query<DeferredCharge>(
      "SELECT id, customer, amount FROM deferred_charges WHERE charged_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    );
    const deferred = taken.rows[0];
    if (deferred === undefined) return false;
    await caller.call({
      ...plannedCall(plan.callees, "psp"),
      method: "POST",
      path: "/v1/charges",
      body: { user: deferred.customer, amount: deferred.amount },
    });
    await client.query("UPDATE deferred_charges SET charged_at = now() WHERE id = $1", [
      deferred.id,
    ]);
    return true;
  });
}

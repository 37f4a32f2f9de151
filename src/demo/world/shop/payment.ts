import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { OperationError } from "../../../errors.ts";
import { plannedCall } from "./calls.ts";
import { type Instance, serve } from "./handler.ts";
import { digest } from "./work.ts";

const chargeBody = z.object({ user: z.number(), amount: z.number() });
const chargeAnswer = z.object({ id: z.string() });
type Charge = z.infer<typeof chargeBody>;

/** Patience with the provider while its calls are limited: then a charge is deferred rather than repeated. */
const LIMITED_TIMEOUT_MS = 250;

export function addPayment(app: FastifyInstance, instance: Instance): void {
  const { station, plan } = instance;
  let open = 0;
  serve(app, { method: "POST", url: "/charges" }, async (request, signal) => {
    const charge = chargeBody.parse(request.body);
    await station.run(plan.serviceMs, signal, async () => digest(4));
    const limit = instance.configuration().limits.psp;
    if (limit === undefined) return { charge: await chargeNow(instance, charge) };
    if (open >= limit) return { charge: await defer(instance, charge) };
    open += 1;
    try {
      return { charge: await chargeNow(instance, charge, LIMITED_TIMEOUT_MS) };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return { charge: await defer(instance, charge) };
    } finally {
      open -= 1;
    }
  });
}

async function chargeNow(
  instance: Instance,
  charge: Charge,
  limitedTimeoutMs?: number,
): Promise<string> {
  const { caller, plan } = instance;
  const limited = limitedTimeoutMs !== undefined;
  const answer = await caller.call({
    ...plannedCall(plan.callees, "psp"),
    timeoutMs: limitedTimeoutMs ?? Number(instance.setting("psp_timeout_ms")),
    retries: limited ? 0 : Number(instance.setting("psp_retries")),
    method: "POST",
    path: "/v1/charges",
    body: charge,
  });
  return chargeAnswer.parse(answer).id;
}

/** Takes the order now and the money later: the worker charges what is written here. */
async function defer(instance: Instance, charge: Charge): Promise<string> {
  const rows = await instance.database.query<{ id: string }>(
    "INSERT INTO deferred_charges(customer, amount) VALUES ($1, $2) RETURNING id",
    [charge.user, charge.amount],
  );
  return `deferred_${rows[0]?.id ?? ""}`;
}

// The external payment provider: outside the telemetry, with finite capacity, and it finishes what nobody waits for any more.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { providerPaceSchema } from "../contract.ts";
import { seededRandom, steadyMs } from "../random.ts";
import { PROVIDER } from "../shop-plan.ts";

/** Limit: charges that wait for a slot; further ones are refused. */
const QUEUE_MAX = 1_000;
const random = seededRandom(process.pid);
const waiting: (() => void)[] = [];
let serviceMs: number = PROVIDER.serviceMs;
let busy = 0;
let charges = 0;

async function charge(): Promise<string> {
  if (busy < PROVIDER.slots) busy += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  await sleep(steadyMs(serviceMs, random));
  const next = waiting.shift();
  if (next === undefined) busy -= 1;
  else next();
  charges += 1;
  return `ch_${charges}`;
}

const server = createServer((request, response) => {
  request.resume();
  if (waiting.length >= QUEUE_MAX) {
    response.writeHead(503).end();
    return;
  }
  charge().then(
    (id) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id }));
    },
    () => response.writeHead(500).end(),
  );
});

process.on("message", (message) => {
  const pace = providerPaceSchema.safeParse(message);
  if (pace.success) serviceMs = pace.data.serviceMs;
});
process.once("SIGTERM", () => process.exit(0));
process.once("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null)
    process.send?.({ type: "ready", port: address.port });
});

// Open-loop customers: requests start at Poisson times whether or not earlier ones have been answered.
import { performance } from "node:perf_hooks";
import { Agent, request } from "undici";
import { z } from "zod";
import {
  type Configuration,
  configurationSchema,
  type EntryOperation,
  type LoadSample,
} from "../contract.ts";
import { type Random, seededRandom } from "../random.ts";

const settings = z
  .object({ LOAD_RATE: z.coerce.number().positive(), LOAD_SEED: z.coerce.number() })
  .parse(process.env);

/** Limit: requests open at once; further ones are counted as dropped. */
const OPEN_MAX = 600;
const TIMEOUT_MS = 10_000;
const TICK_MS = 5;
const REPORT_MS = 500;
const CUSTOMERS = 4_000;
const PRODUCTS = 50_000;
/** Limit: customers with a filled cart that are remembered. */
const SHOPPERS_MAX = 500;

const random: Random = seededRandom(settings.LOAD_SEED);
const agent = new Agent({ connections: 128, connect: { timeout: 2_000 } });
const shoppers: number[] = [];
let samples: LoadSample[] = [];
let dropped = 0;
let open = 0;
let turn = 0;
let live: Configuration["endpoints"][string] = [];

interface Journey {
  readonly operation: EntryOperation;
  readonly path: string;
  readonly body?: unknown;
}

const below = (limit: number): number => Math.floor(random() * limit);

/** Home 35 %, product 25 %, cart 20 %, checkout 20 %. */
function nextJourney(): Journey {
  const share = random();
  if (share < 0.35) return { operation: "GET /", path: "/" };
  if (share < 0.6)
    return { operation: "GET /product/:id", path: `/product/${1 + below(PRODUCTS)}` };
  if (share < 0.8) {
    const user = below(CUSTOMERS);
    if (shoppers.length < SHOPPERS_MAX) shoppers.push(user);
    const body = { sku: 1 + below(PRODUCTS), quantity: 1 + below(3) };
    return { operation: "POST /cart/:user", path: `/cart/${user}`, body };
  }
  const user = (shoppers.length > 20 ? shoppers.shift() : undefined) ?? below(CUSTOMERS);
  return { operation: "POST /checkout/:user", path: `/checkout/${user}`, body: {} };
}

async function statusOf(journey: Journey): Promise<number> {
  const target = live[turn++ % Math.max(live.length, 1)];
  if (target === undefined) return 0;
  try {
    const response = await request(`http://127.0.0.1:${target.port}${journey.path}`, {
      method: journey.operation.startsWith("GET") ? "GET" : "POST",
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(journey.body === undefined
        ? {}
        : {
            headers: { "content-type": "application/json" },
            body: JSON.stringify(journey.body),
          }),
    });
    await response.body.dump();
    return response.statusCode;
  } catch {
    // No answer is an outcome of its own: status 0.
    return 0;
  }
}

async function visit(): Promise<void> {
  const journey = nextJourney();
  open += 1;
  const startMs = performance.now();
  const status = await statusOf(journey);
  open -= 1;
  samples.push({
    operation: journey.operation,
    endMs: Date.now(),
    tookMs: performance.now() - startMs,
    status,
  });
}

let nextAtMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  if (live.length === 0 && samples.length === 0 && nextAtMs > nowMs) return;
  while (nextAtMs < nowMs) {
    nextAtMs += (-Math.log(1 - random()) * 1_000) / settings.LOAD_RATE;
    if (open >= OPEN_MAX) dropped += 1;
    else void visit();
  }
}, TICK_MS);

setInterval(() => {
  if (samples.length === 0 && dropped === 0) return;
  process.send?.({ type: "load", samples, dropped });
  samples = [];
  dropped = 0;
}, REPORT_MS);

process.on("message", (message) => {
  const parsed = configurationSchema.safeParse(message);
  if (parsed.success) live = parsed.data.endpoints.gateway ?? [];
});
process.once("SIGTERM", () => process.exit(0));
process.once("disconnect", () => process.exit(0));

import { setTimeout as sleep } from "node:timers/promises";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { errorText, isOperationError } from "../../../errors.ts";
import { buildOf } from "../builds.ts";
import {
  type Configuration,
  configurationSchema,
  type InstanceIdentity,
  type ShopService,
} from "../contract.ts";
import { seededRandom } from "../random.ts";
import { FLAGS, INITIAL_SETTINGS, SHOP_PLAN } from "../shop-plan.ts";
import { Caller } from "./calls.ts";
import { addCart } from "./cart.ts";
import { addCatalog } from "./catalog.ts";
import { addCheckout } from "./checkout.ts";
import { Database } from "./database.ts";
import { startFulfilment } from "./fulfilment.ts";
import { addGateway } from "./gateway.ts";
import type { Instance } from "./handler.ts";
import { addInventory } from "./inventory.ts";
import { addOrders } from "./orders.ts";
import { addPayment } from "./payment.ts";
import { Station } from "./station.ts";

/** Requests under way get this long to end before the process does. */
const DRAIN_MS = 250;

const ADD_ROUTES: Readonly<
  Record<ShopService, (app: FastifyInstance, instance: Instance) => void>
> = {
  gateway: addGateway,
  catalog: addCatalog,
  cart: addCart,
  checkout: addCheckout,
  payment: addPayment,
  inventory: addInventory,
  orders: addOrders,
  fulfilment: (_app, instance) => startFulfilment(instance),
};

export async function startInstance(
  identity: InstanceIdentity,
  stopTelemetry: () => Promise<void>,
): Promise<void> {
  // Fastify loads pino with require, which is where the instrumentation can reach it.
  const app = Fastify({ logger: { level: "info", base: null }, disableRequestLogging: true });
  const { log } = app;
  const stop = new AbortController();
  const instance = buildInstance(identity, log, stop.signal);
  app.setErrorHandler(async (error, request, reply) => {
    const code = statusOf(error);
    if (code >= 500)
      log.error({ err: errorText(error), route: request.routeOptions.url }, "request failed");
    await reply.code(code).send({ error: code >= 500 ? "internal" : "bad request" });
  });
  ADD_ROUTES[identity.SHOP_SERVICE](app, instance);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const end = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort();
    await Promise.race([app.close(), sleep(DRAIN_MS)]);
    await stopTelemetry();
    process.exit(0);
  };
  process.once("SIGTERM", () => void end());
  // The supervisor has gone, however it ended: nothing may outlive it.
  process.once("disconnect", () => process.exit(0));
  process.send?.({ type: "ready", port });
}

function buildInstance(
  identity: InstanceIdentity,
  log: FastifyBaseLogger,
  stopping: AbortSignal,
): Instance {
  const service = identity.SHOP_SERVICE;
  const plan = SHOP_PLAN[service];
  const random = seededRandom(identity.SHOP_SEED);
  let configuration: Configuration = {
    type: "configuration",
    endpoints: {},
    settings: { ...INITIAL_SETTINGS[service] },
    flags: {},
    limits: {},
  };
  const database = new Database(identity.SHOP_DATABASE_PORT, log);
  const apply = (): void => {
    if (plan.poolSize !== undefined)
      database.resize(Number(configuration.settings.pg_pool_max ?? plan.poolSize));
  };
  apply();
  process.on("message", (message) => {
    const parsed = configurationSchema.safeParse(message);
    if (!parsed.success) return;
    configuration = parsed.data;
    apply();
  });
  return {
    service,
    plan,
    build: buildOf(service, identity.SHOP_VERSION) ?? {},
    station: new Station(plan.workers, random),
    caller: new Caller(() => configuration, log),
    database,
    log,
    random,
    configuration: () => configuration,
    setting: (name) => configuration.settings[name] ?? INITIAL_SETTINGS[service][name] ?? "",
    flag: (name) => configuration.flags[name] ?? FLAGS[name]?.variants[0] ?? "",
    stopping,
  };
}

function statusOf(error: unknown): number {
  if (isOperationError(error, "upstream_timeout")) return 504;
  if (isOperationError(error, "upstream_failed") || isOperationError(error, "upstream_absent"))
    return 502;
  if (isOperationError(error, "overloaded") || isOperationError(error, "abandoned")) return 503;
  if (typeof error === "object" && error !== null && "statusCode" in error)
    return typeof error.statusCode === "number" ? error.statusCode : 500;
  return 500;
}

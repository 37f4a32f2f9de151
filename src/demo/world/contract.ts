import { z } from "zod";

/** What travels between the supervisor and the processes of the world, over their private IPC channel. */

export const SHOP_SERVICES = [
  "gateway",
  "catalog",
  "cart",
  "checkout",
  "payment",
  "inventory",
  "orders",
  "fulfilment",
] as const;

export const shopServiceSchema = z.enum(SHOP_SERVICES);
export type ShopService = z.infer<typeof shopServiceSchema>;

const textRecord = z.record(z.string(), z.string());

/** The state of the world as one instance sees it: who is live, and how it is set. Pushed whole at each change. */
export const configurationSchema = z.object({
  type: z.literal("configuration"),
  /** Live instances by callee; `psp` is the external one. */
  endpoints: z.record(z.string(), z.array(z.object({ instance: z.string(), port: z.number() }))),
  settings: textRecord,
  flags: textRecord,
  /** Most concurrent calls by callee; a callee that is not named is not limited. */
  limits: z.record(z.string(), z.number()),
});
export type Configuration = z.infer<typeof configurationSchema>;

export const readySchema = z.object({ type: z.literal("ready"), port: z.number() });

/** How the external payment provider behaves. It is outside the telemetry, so nothing but its latency tells. */
export const providerPaceSchema = z.object({
  type: z.literal("pace"),
  serviceMs: z.number().positive(),
});

export const ENTRY_OPERATIONS = [
  "GET /",
  "GET /product/:id",
  "POST /cart/:user",
  "POST /checkout/:user",
] as const;
const entryOperationSchema = z.enum(ENTRY_OPERATIONS);
export type EntryOperation = z.infer<typeof entryOperationSchema>;

/** One finished request as the customer saw it. */
const loadSampleSchema = z.object({
  operation: entryOperationSchema,
  endMs: z.number(),
  tookMs: z.number(),
  /** HTTP status, 0 when there was no answer. */
  status: z.number(),
});
export type LoadSample = z.infer<typeof loadSampleSchema>;

export const loadReportSchema = z.object({
  type: z.literal("load"),
  samples: z.array(loadSampleSchema),
  /** Requests that were not sent because too many were open. */
  dropped: z.number(),
});

/** To the warden, which owns PostgreSQL and outlives a killed supervisor just long enough to clean up. */
export const wardenOrderSchema = z.discriminatedUnion("type", [
  /** To be removed at the end, however it comes. */
  z.object({ type: z.literal("own-folder"), rootFolder: z.string() }),
  z.object({
    type: z.literal("start-database"),
    binFolder: z.string(),
    dataFolder: z.string(),
    rootFolder: z.string(),
    port: z.number(),
    uid: z.number().optional(),
    gid: z.number().optional(),
  }),
  z.object({
    type: z.literal("ration"),
    pid: z.number(),
    pausedMs: z.number(),
    runningMs: z.number(),
  }),
  z.object({ type: z.literal("release"), pid: z.number() }),
]);
export type WardenOrder = z.infer<typeof wardenOrderSchema>;

export const wardenReportSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("database-started"), pid: z.number() }),
  z.object({ type: z.literal("database-ended"), detail: z.string() }),
]);

/** What one instance is told at its start, through its environment. */
export const instanceIdentitySchema = z.object({
  SHOP_SERVICE: shopServiceSchema,
  SHOP_VERSION: z.string().min(1),
  SHOP_INSTANCE: z.string().min(1),
  SHOP_NODE: z.string().min(1),
  SHOP_ZONE: z.string().min(1),
  SHOP_SEED: z.coerce.number(),
  SHOP_DATABASE_PORT: z.coerce.number(),
  SHOP_OTLP_ENDPOINT: z.url(),
});
export type InstanceIdentity = z.infer<typeof instanceIdentitySchema>;

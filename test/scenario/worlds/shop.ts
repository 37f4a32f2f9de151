import type { SloDefinition } from "../../../src/model/slo/slo.ts";
import type {
  DatabaseSpec,
  FlagSpec,
  LoadSpec,
  OperationSpec,
  ServiceSpec,
  SystemSpec,
} from "../../../src/simulator/system-spec.ts";
import type { ScenarioWorld } from "./scenario-world.ts";

const read = (to: string, what: string) => [{ to, what }];

const GATEWAY: readonly OperationSpec[] = [
  { name: "GET /", cpu: 2, steps: [read("catalog", "GET /products")] },
  { name: "GET /product", cpu: 2, steps: [read("catalog", "GET /products/:id")] },
  { name: "POST /cart", cpu: 2, steps: [read("cart", "POST /items")] },
  { name: "POST /checkout", cpu: 3, steps: [read("checkout", "POST /checkout")] },
];

const CHECKOUT: readonly OperationSpec[] = [
  {
    name: "POST /checkout",
    cpu: 4,
    wait: 3,
    steps: [
      read("cart", "GET /items"),
      [
        { to: "inventory", what: "POST /reservations" },
        { to: "payment", what: "POST /charges" },
      ],
      read("orders", "POST /orders"),
    ],
  },
];

const SERVICES: readonly ServiceSpec[] = [
  {
    name: "gateway",
    version: "3.8.1",
    hosts: ["node-a1", "node-b1"],
    workers: { count: 64 },
    operations: GATEWAY,
    links: {
      catalog: { timeoutMs: 2_000, retries: 1, backoffMs: 50 },
      cart: { timeoutMs: 2_000, retries: 1, backoffMs: 50 },
      checkout: { timeoutMs: 8_000 },
    },
    settings: { keep_alive_s: { controls: "nothing", value: "60" } },
  },
  {
    name: "catalog",
    version: "1.0.0",
    hosts: ["node-a1", "node-b2"],
    workers: { count: 12 },
    // One thread of work each, as an event loop is.
    cpuLimitCores: 1,
    gc: { everyRequests: 800, pause: 15 },
    operations: [
      { name: "GET /products", cpu: 15, wait: 4, steps: [read("shop", "SELECT products")] },
      { name: "GET /products/:id", cpu: 15, wait: 4, steps: [read("shop", "SELECT product")] },
    ],
    links: { shop: { poolSize: 6 } },
    settings: {
      pg_pool_max: { controls: "poolSize", callee: "shop", value: "6" },
      page_size: { controls: "nothing", value: "24" },
    },
  },
  {
    name: "cart",
    version: "2.2.0",
    hosts: ["node-a2", "node-b1"],
    workers: { count: 2, held: "work" },
    operations: [
      { name: "GET /items", cpu: 1, wait: 12, steps: [read("shop", "SELECT items")] },
      { name: "POST /items", cpu: 1, wait: 16, steps: [read("shop", "INSERT item")] },
    ],
    links: { shop: { poolSize: 4 } },
    settings: { item_limit: { controls: "nothing", value: "50" } },
  },
  {
    name: "checkout",
    version: "5.1.3",
    hosts: ["node-a2", "node-b2"],
    workers: { count: 32 },
    operations: CHECKOUT,
    links: {
      cart: { timeoutMs: 1_500, retries: 1, backoffMs: 50 },
      inventory: { timeoutMs: 2_000 },
      payment: { timeoutMs: 6_000 },
      orders: { timeoutMs: 3_000 },
    },
    settings: { gift_note_length: { controls: "nothing", value: "140" } },
  },
  {
    name: "payment",
    version: "4.0.7",
    hosts: ["node-a1", "node-b1"],
    workers: { count: 24 },
    operations: [{ name: "POST /charges", cpu: 3, steps: [read("psp", "POST /v1/charges")] }],
    links: { psp: { timeoutMs: 800, retries: 3, backoffMs: 50, limitedTimeoutMs: 250 } },
    settings: { psp_retries: { controls: "retries", callee: "psp", value: "3" } },
  },
  {
    name: "inventory",
    version: "1.9.4",
    hosts: ["node-a2", "node-b2"],
    workers: { count: 6 },
    operations: [
      { name: "POST /reservations", cpu: 4, wait: 6, steps: [read("shop", "UPDATE stock")] },
    ],
    links: { shop: { poolSize: 6 } },
    settings: { reserve_batch: { controls: "nothing", value: "16" } },
  },
  {
    name: "orders",
    version: "2.6.0",
    hosts: ["node-b2"],
    workers: { count: 24 },
    operations: [
      {
        name: "POST /orders",
        cpu: 4,
        steps: [
          // The books acknowledge each transaction before it is closed: the connection stays taken.
          [{ to: "shop", what: "INSERT order", hold: { ms: 120, cv: 0.2 } }],
          read("fulfilment-jobs", ""),
        ],
      },
    ],
    links: { shop: { poolSize: 8 } },
    settings: {
      pg_pool_max: { controls: "poolSize", callee: "shop", value: "8" },
      invoice_prefix: { controls: "nothing", value: "EU" },
    },
  },
  {
    name: "fulfilment",
    version: "1.3.5",
    hosts: ["node-b1"],
    operations: [
      { name: "process fulfilment-jobs", cpu: 5, wait: 15, steps: [read("shop", "UPDATE order")] },
    ],
    links: { shop: { poolSize: 6 } },
  },
];

const SHOP_DATABASE: DatabaseSpec = {
  name: "shop",
  host: "node-data",
  workers: 24,
  statements: {
    "SELECT products": { time: 4 },
    "SELECT product": { time: 2 },
    "SELECT items": { time: 2 },
    "INSERT item": { time: 3 },
    "UPDATE stock": { time: 3, lock: { table: "stock", rows: 8 } },
    "INSERT order": { time: 4 },
    "UPDATE order": { time: 3 },
  },
};

const FLAGS: readonly FlagSpec[] = [
  {
    key: "catalog-review-highlights",
    service: "catalog",
    variants: {
      off: {},
      on: { operations: ["GET /products/:id"], calleeFactor: { shop: 180 } },
    },
  },
  { key: "cart-compact-summary", service: "cart", variants: { off: {}, on: {} } },
];

/** Home 35 %, product 25 %, cart 20 %, checkout 20 %. */
const MIX: Readonly<Record<string, number>> = {
  "GET /": 0.35,
  "GET /product": 0.25,
  "POST /cart": 0.2,
  "POST /checkout": 0.2,
};

/** The demo's shop, small: one entry, seven services, a worker behind a queue, a database, a payment provider. */
export function shopSystem(perSecond: number): SystemSpec {
  const load: readonly LoadSpec[] = Object.entries(MIX).map(([operation, share]) => ({
    service: "gateway",
    operation,
    perSecond: perSecond * share,
  }));
  return {
    name: "shop",
    hosts: [
      { name: "node-a1", zone: "zone-a", cores: 4, clockSkewMs: 0.8 },
      { name: "node-a2", zone: "zone-a", cores: 4 },
      { name: "node-b1", zone: "zone-b", cores: 4, clockSkewMs: -1.1 },
      { name: "node-b2", zone: "zone-b", cores: 4 },
      { name: "node-data", zone: "zone-a", cores: 8 },
    ],
    services: SERVICES,
    databases: [SHOP_DATABASE],
    externals: [{ name: "psp", time: 50, slots: 200 }],
    queues: [
      {
        name: "fulfilment-jobs",
        consumer: { service: "fulfilment", operation: "process fulfilment-jobs" },
        perInstance: 4,
      },
    ],
    flags: FLAGS,
    load,
  };
}

/** As the demo's objectives: short windows, so that a scenario need not last an hour. */
function objective(id: string, operation: string, latencyThresholdMs: number): SloDefinition {
  return {
    id,
    description: "",
    service: "gateway",
    operation,
    objective: 0.99,
    latencyThresholdMs,
    rules: [
      { longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" },
      { longMs: 360_000, shortMs: 30_000, burnRate: 6, severity: "page" },
    ],
    absentAfterMs: 30_000,
    settle: { effectMs: 20_000, observeMs: 40_000 },
    team: "shop",
  };
}

export const shop: ScenarioWorld = {
  system: shopSystem,
  slos: [
    objective("home", "GET /", 120),
    objective("product", "GET /product", 120),
    objective("cart", "POST /cart", 120),
    objective("checkout", "POST /checkout", 600),
  ],
};

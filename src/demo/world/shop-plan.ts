import type { ShopService } from "./contract.ts";

/** Capacity and wiring of one service, as its owners would document it. */
export interface ServicePlan {
  readonly version: string;
  /** Where its replicas run; also how many there are at the start. */
  readonly nodes: readonly string[];
  /** Requests that one instance works on at the same time; the others queue. */
  readonly workers: number;
  /** Mean time that a request holds a worker, without its queries. */
  readonly serviceMs: number;
  /** Connections of one instance's pool; absent: no database. */
  readonly poolSize?: number;
  readonly callees: readonly CallPlan[];
}

export interface CallPlan {
  readonly callee: ShopService | "psp";
  readonly timeoutMs: number;
  readonly retries: number;
}

const call = (callee: CallPlan["callee"], timeoutMs: number, retries: number): CallPlan => ({
  callee,
  timeoutMs,
  retries,
});

export const SHOP_PLAN: Readonly<Record<ShopService, ServicePlan>> = {
  gateway: {
    version: "3.8.1",
    nodes: ["node-a1", "node-b1"],
    workers: 16,
    serviceMs: 3,
    callees: [call("catalog", 2_000, 1), call("cart", 2_000, 1), call("checkout", 8_000, 0)],
  },
  catalog: {
    version: "1.4.2",
    nodes: ["node-a1", "node-b2"],
    workers: 4,
    serviceMs: 25,
    poolSize: 6,
    callees: [],
  },
  cart: {
    version: "2.2.0",
    nodes: ["node-a2", "node-b1"],
    workers: 4,
    serviceMs: 12,
    poolSize: 4,
    callees: [],
  },
  checkout: {
    version: "5.1.3",
    nodes: ["node-a2", "node-b2"],
    workers: 8,
    serviceMs: 6,
    callees: [
      call("cart", 1_500, 1),
      call("inventory", 2_000, 0),
      call("payment", 6_000, 0),
      call("orders", 3_000, 0),
    ],
  },
  payment: {
    version: "4.0.7",
    nodes: ["node-a1", "node-b1"],
    workers: 8,
    serviceMs: 4,
    poolSize: 4,
    callees: [call("psp", 800, 3)],
  },
  inventory: {
    version: "1.9.4",
    nodes: ["node-a2"],
    workers: 4,
    serviceMs: 12,
    poolSize: 6,
    callees: [],
  },
  orders: {
    version: "2.6.0",
    nodes: ["node-b2"],
    workers: 8,
    serviceMs: 4,
    poolSize: 8,
    callees: [],
  },
  fulfilment: {
    version: "1.3.5",
    nodes: ["node-b1"],
    workers: 4,
    serviceMs: 20,
    poolSize: 6,
    callees: [call("orders", 5_000, 0), call("psp", 10_000, 0)],
  },
};

/** Where the database runs. */
export const DATA_NODE = "node-data";
export const DATABASE_NAME = "shop";

/** Mean time that an open transaction of `orders` waits for the ledger's acknowledgement. */
export const LEDGER_MS = 170;
/** Mean time and parallelism of the external payment provider when it is well. */
export const PROVIDER = { serviceMs: 50, slots: 12 } as const;

export function zoneOf(node: string): string {
  if (node === DATA_NODE) return "zone-a";
  return node.startsWith("node-a") ? "zone-a" : "zone-b";
}

/** The settings that can be changed while the shop runs, with their values at the start. */
export const INITIAL_SETTINGS: Readonly<Record<ShopService, Readonly<Record<string, string>>>> = {
  gateway: { keep_alive_s: "60" },
  catalog: { page_size: "24", pg_pool_max: "6" },
  cart: { item_limit: "50", pg_pool_max: "4" },
  checkout: { gift_note_length: "140" },
  payment: { psp_timeout_ms: "800", psp_retries: "3", pg_pool_max: "4" },
  inventory: { reserve_batch: "16", pg_pool_max: "6" },
  orders: { pg_pool_max: "8", invoice_prefix: "EU" },
  fulfilment: { poll_ms: "200", pg_pool_max: "6" },
};

/** Feature flags and the service that reads each. The first variant is the one at the start. */
export const FLAGS: Readonly<
  Record<string, { readonly service: ShopService; readonly variants: readonly string[] }>
> = {
  "catalog-review-highlights": { service: "catalog", variants: ["off", "on"] },
  "cart-compact-summary": { service: "cart", variants: ["off", "on"] },
  "checkout-gift-note": { service: "checkout", variants: ["off", "on"] },
  "orders-invoice-footer": { service: "orders", variants: ["off", "on"] },
  "gateway-seasonal-banner": { service: "gateway", variants: ["off", "on"] },
};

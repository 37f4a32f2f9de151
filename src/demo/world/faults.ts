import { OperationError } from "../../errors.ts";
import { neutralVersions } from "./builds.ts";
import type { ChangeEvent } from "./change-feed.ts";
import type { Child } from "./child.ts";
import { SHOP_SERVICES, type ShopService } from "./contract.ts";
import type { Fleet } from "./fleet.ts";
import type { Operation, Operations } from "./operations.ts";
import { pick, type Random } from "./random.ts";
import { FLAGS, PROVIDER } from "./shop-plan.ts";
import type { Remedy, Truth } from "./truth.ts";

export const FAULT_NAMES = [
  "bad-deploy",
  "error-deploy",
  "slow-query",
  "pool-exhaustion",
  "starved-replica",
  "retry-storm",
  "outage",
  "none",
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export interface FaultTools {
  readonly fleet: Fleet;
  readonly operations: Operations;
  readonly warden: Child;
  readonly provider: Child;
  readonly random: Random;
}

/** What was done, and what would undo it. */
export interface Injected {
  readonly roots: Truth["roots"];
  readonly path: readonly (readonly [string, string])[];
  readonly remediation: readonly Remedy[];
  readonly change: ChangeEvent | undefined;
  readonly external?: readonly string[];
  /** Whether it still is as the fault left it: nobody has cured it. */
  readonly isOn: () => boolean;
  /** Undoes what no operation of the platform reaches; returns what it did. */
  readonly undoHidden?: () => string;
}

/** Who makes the shop's ordinary changes. */
const AUTHORS = ["mira", "jonas", "ayse", "tomas", "lena"] as const;

export function author(random: Random): string {
  return pick(AUTHORS, random) ?? "mira";
}

/** A paused replica runs for about an eighth of the time: requests that meet a pause wait for its end. */
const RATION = { pausedMs: 2_300, runningMs: 300 } as const;
/** Longer than payment's patience of 800 ms by far. */
const SLOW_PROVIDER_MS = 2_500;

const aliasesOf = (service: string, ...more: string[]): string[] => [`service:${service}`, ...more];

type Inject = (tools: FaultTools, name: FaultName) => Promise<Injected>;

async function deployBuild(
  tools: FaultTools,
  name: FaultName,
  place: { readonly service: ShopService; readonly version: string; readonly entry: string[] },
): Promise<Injected> {
  const { service, version } = place;
  const previous = tools.fleet.version(service);
  const done = await tools.operations.run(
    { type: "deploy", service, version },
    author(tools.random),
  );
  return {
    roots: [
      {
        entity: service,
        aliases: aliasesOf(service, `${service}@${version}`, done.change.id),
        fault: name,
      },
    ],
    path: chain(place.entry),
    remediation: [{ type: "rollback", service, toVersion: previous }],
    change: done.change,
    isOn: () => tools.fleet.version(service) === version,
  };
}

function chain(entities: readonly string[]): (readonly [string, string])[] {
  return entities.slice(1).map((to, index) => [entities[index] ?? "", to] as const);
}

const anyOf = (...remedies: Remedy[]): readonly Remedy[] => remedies;

const injectBadDeploy: Inject = (tools, name) =>
  deployBuild(tools, name, {
    service: "catalog",
    version: "1.5.0",
    entry: ["catalog", "gateway"],
  });

const injectErrorDeploy: Inject = (tools, name) =>
  tools.random() < 0.5
    ? deployBuild(tools, name, { service: "cart", version: "2.3.0", entry: ["cart", "gateway"] })
    : deployBuild(tools, name, {
        service: "inventory",
        version: "1.10.0",
        entry: ["inventory", "checkout", "gateway"],
      });

const injectSlowQuery: Inject = async (tools, name) => {
  const flag = "catalog-review-highlights";
  const done = await tools.operations.run(
    { type: "flag", flag, variant: "on" },
    author(tools.random),
  );
  return {
    roots: [
      {
        entity: "catalog",
        aliases: aliasesOf("catalog", flag, `flag:${flag}`, "catalog->shop", done.change.id),
        fault: name,
      },
    ],
    path: chain(["catalog", "gateway"]),
    remediation: [{ type: "set_flag", flag, variant: "off" }],
    change: done.change,
    isOn: () => tools.fleet.flags[flag] === "on",
  };
};

const injectPoolExhaustion: Inject = async (tools, name) => {
  const setting = "pg_pool_max";
  const previous = tools.fleet.settings("orders")[setting] ?? "8";
  const done = await tools.operations.run(
    { type: "setting", service: "orders", setting, value: "1" },
    author(tools.random),
  );
  return {
    roots: [
      {
        entity: "orders",
        aliases: aliasesOf("orders", "orders->shop", done.change.id),
        fault: name,
      },
    ],
    path: chain(["orders", "checkout", "gateway"]),
    remediation: [{ type: "restore_setting", service: "orders", setting, value: previous }],
    change: done.change,
    isOn: () => tools.fleet.settings("orders")[setting] === "1",
  };
};

const injectStarvedReplica: Inject = async (tools, name) => {
  const service: ShopService = tools.random() < 0.5 ? "catalog" : "cart";
  const instance = pick(tools.fleet.of(service), tools.random);
  if (instance === undefined)
    throw new OperationError("fault_impossible", `${service} has no live instance`);
  const { pid } = instance.child;
  tools.warden.send({ type: "ration", pid, ...RATION });
  void instance.child.ended.then(() => tools.warden.send({ type: "release", pid }));
  return {
    roots: [
      {
        entity: instance.id,
        aliases: [
          `instance:${instance.id}`,
          `service.instance:${instance.id}`,
          ...aliasesOf(service, service),
        ],
        fault: name,
      },
    ],
    path: chain([service, "gateway"]),
    remediation: anyOf(
      { type: "restart", service, instance: instance.id },
      { type: "restart", service },
    ),
    change: undefined,
    isOn: () => tools.fleet.of(service).includes(instance),
    undoHidden: () => {
      tools.warden.send({ type: "release", pid });
      return `${instance.id} has its CPU back`;
    },
  };
};

const injectRetryStorm: Inject = async (tools, name) => {
  tools.provider.send({ type: "pace", serviceMs: SLOW_PROVIDER_MS });
  return {
    roots: [
      {
        entity: "psp",
        aliases: ["external:psp", "payment->psp", "edge:payment->psp"],
        fault: name,
      },
    ],
    path: chain(["psp", "payment", "checkout", "gateway"]),
    remediation: [{ type: "limit_caller", caller: "payment", callee: "psp" }],
    change: undefined,
    // A limit spares the customers; the provider stays as slow as it is.
    isOn: () => true,
    undoHidden: () => {
      tools.provider.send({ type: "pace", serviceMs: PROVIDER.serviceMs });
      return "the payment provider answers as fast as before";
    },
    external: ["psp"],
  };
};

const injectOutage: Inject = async (tools, name) => {
  const gateways = tools.fleet.of("gateway");
  tools.operations.stoppedServices.set(
    "gateway",
    gateways.map((it) => it.node),
  );
  await tools.fleet.remove(gateways);
  return {
    roots: [
      {
        entity: "gateway",
        aliases: aliasesOf("gateway", ...gateways.map((it) => it.id)),
        fault: name,
      },
    ],
    path: [],
    remediation: [{ type: "restart", service: "gateway" }],
    change: undefined,
    isOn: () => tools.fleet.of("gateway").length === 0,
  };
};

const injectNothing: Inject = async () => ({
  roots: [],
  path: [],
  remediation: [],
  change: undefined,
  isOn: () => false,
});

export const INJECT: Readonly<Record<FaultName, Inject>> = {
  "bad-deploy": injectBadDeploy,
  "error-deploy": injectErrorDeploy,
  "slow-query": injectSlowQuery,
  "pool-exhaustion": injectPoolExhaustion,
  "starved-replica": injectStarvedReplica,
  "retry-storm": injectRetryStorm,
  outage: injectOutage,
  none: injectNothing,
};

/** Services that a fault may touch; the harmless change goes to another one. */
const TOUCHED: Readonly<Record<FaultName, readonly ShopService[]>> = {
  "bad-deploy": ["catalog"],
  "error-deploy": ["cart", "inventory"],
  "slow-query": ["catalog"],
  "pool-exhaustion": ["orders"],
  "starved-replica": ["catalog", "cart"],
  "retry-storm": ["payment"],
  outage: ["gateway"],
  none: [],
};

const NEUTRAL_SETTINGS: readonly {
  readonly service: ShopService;
  readonly setting: string;
  readonly values: readonly string[];
}[] = [
  { service: "gateway", setting: "keep_alive_s", values: ["60", "75"] },
  { service: "cart", setting: "item_limit", values: ["50", "60"] },
  { service: "checkout", setting: "gift_note_length", values: ["140", "160"] },
  { service: "inventory", setting: "reserve_batch", values: ["16", "20"] },
];

/** One change that alters nothing, to a service that the fault leaves alone. */
export function harmlessChange(fault: FaultName, fleet: Fleet, random: Random): Operation {
  const free = SHOP_SERVICES.filter((it) => !TOUCHED[fault].includes(it));
  const changes: Operation[] = [];
  const service = pick(free, random) ?? "checkout";
  const version = pick(neutralVersions(service, fleet.version(service)), random);
  if (version !== undefined) changes.push({ type: "deploy", service, version });
  const setting = pick(
    NEUTRAL_SETTINGS.filter((it) => free.includes(it.service)),
    random,
  );
  const now = setting === undefined ? "" : fleet.settings(setting.service)[setting.setting];
  const value = setting?.values.find((it) => it !== now);
  if (setting !== undefined && value !== undefined)
    changes.push({ type: "setting", service: setting.service, setting: setting.setting, value });
  const flag = pick(
    Object.entries(FLAGS).filter(
      ([key, it]) => it.service !== "catalog" && free.includes(it.service) && key in fleet.flags,
    ),
    random,
  );
  const variant = flag?.[1].variants.find((it) => it !== fleet.flags[flag[0]]);
  if (flag !== undefined && variant !== undefined)
    changes.push({ type: "flag", flag: flag[0], variant });
  const chosen = pick(changes, random);
  if (chosen === undefined)
    throw new OperationError("fault_impossible", "no harmless change is left to make");
  return chosen;
}

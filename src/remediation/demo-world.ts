import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { Action } from "../incident/action.ts";
import type { FactKind, Facts } from "./facts.ts";
import { askPort, type PortAccess, type PortAnswer } from "./port-request.ts";
import type { Execution, Target } from "./target.ts";

const LOOK_MAX_MS = 5_000;
/** New instances start before old ones stop; on a busy machine that takes its time. */
const EXECUTE_MAX_MS = 45_000;
/** Limit: characters of the port's own words that are passed on. */
const WORDS_MAX = 200;

const stateSchema = z.object({
  services: z.array(
    z.object({
      service: z.string(),
      version: z.string(),
      instances: z.array(z.object({ id: z.string() })),
      settings: z.record(z.string(), z.string()),
      limits: z.record(z.string(), z.number()),
    }),
  ),
  flags: z.record(z.string(), z.string()),
});

const doneSchema = z.object({
  ok: z.literal(true),
  change: z.object({ id: z.string(), summary: z.string() }),
  instances: z.array(z.string()),
});

const refusalSchema = z.object({ code: z.string(), message: z.string() });

/** Refusals of the port that come before it does anything. Another, such as a process that did not start, comes after. */
const REFUSED_BEFORE = new Set([
  "not_found",
  "invalid",
  "bad_json",
  "too_large",
  "version_unknown",
  "instance_unknown",
  "flag_unknown",
  "variant_unknown",
  "setting_unknown",
  "value_invalid",
  "callee_unknown",
]);

const KINDS: ReadonlySet<FactKind> = new Set([
  "version",
  "replicas",
  "flag",
  "setting",
  "instance",
  "limit",
]);

export interface DemoWorldOptions extends PortAccess {
  readonly lookMaxMs?: number;
  readonly executeMaxMs?: number;
}

/** The shop of the demo, through its operations port. */
export function createDemoWorld(options: DemoWorldOptions): Target {
  const { lookMaxMs = LOOK_MAX_MS, executeMaxMs = EXECUTE_MAX_MS } = options;
  return {
    name: "demo-world",
    actions: ["rollback", "scale", "restart", "set_flag", "restore_setting", "limit_caller"],
    look: async () => {
      const answer = await askPort(options, {
        method: "GET",
        path: "/ops/state",
        withinMs: lookMaxMs,
      });
      return factsOf(stateOf(answer));
    },
    execute: async (action, key) => {
      const { path, body } = operationOf(action);
      const answer = await askPort(options, {
        method: "POST",
        path,
        body,
        headers: { "idempotency-key": key },
        withinMs: executeMaxMs,
      });
      return executionOf(answer);
    },
  };
}

/** The action in the port's own words. */
function operationOf(action: Action): { readonly path: string; readonly body: unknown } {
  switch (action.type) {
    case "rollback":
      return {
        path: "/ops/rollback",
        body: { service: action.service, to_version: action.toVersion },
      };
    case "scale":
      return {
        path: "/ops/scale",
        body: { service: action.service, replicas: action.replicas },
      };
    case "restart":
      return {
        path: "/ops/restart",
        body: {
          service: action.service,
          ...(action.instance === undefined ? {} : { instance: action.instance }),
        },
      };
    case "set_flag":
      return { path: "/ops/flag", body: { flag: action.flag, variant: action.variant } };
    case "restore_setting": {
      const { service, setting, value } = action;
      return { path: "/ops/setting", body: { service, setting, value } };
    }
    case "limit_caller": {
      const { caller, callee, maxConcurrent } = action;
      return { path: "/ops/limit", body: { caller, callee, max_concurrent: maxConcurrent } };
    }
  }
}

function executionOf(answer: PortAnswer): Execution {
  if (answer.type === "not-sent")
    return {
      type: "refused",
      code: "target_unreachable",
      detail: `The operations port cannot be reached (${answer.reason}). Nothing was done.`,
    };
  if (answer.type === "unclear")
    return { type: "unclear", detail: `The operations port gave no answer (${answer.reason}).` };
  const done = doneSchema.safeParse(answer.body);
  if (answer.status === 200 && done.success) {
    const { change, instances } = done.data;
    const now = instances.length === 0 ? "no instance" : instances.join(", ");
    return {
      type: "done",
      detail: `${short(change.summary)} (change ${short(change.id)}); serving now: ${short(now)}.`,
    };
  }
  return refusalOf(answer.status, answer.body);
}

const UNAUTHORIZED =
  "The operations port does not accept ORRERY_EXECUTOR_TOKEN: give the executor the port's token.";

/** What broke half-way may still have taken effect. */
function refusalOf(status: number, body: unknown): Execution {
  if (status === 401 || status === 403)
    return {
      type: "refused",
      code: "target_unauthorized",
      detail: `${UNAUTHORIZED} Nothing was done.`,
    };
  const refusal = refusalSchema.safeParse(body);
  const words = refusal.success
    ? `${short(refusal.data.message)} (${short(refusal.data.code)})`
    : `status ${status}`;
  if (refusal.success && status < 500 && REFUSED_BEFORE.has(refusal.data.code))
    return {
      type: "refused",
      code: "target_refused",
      detail: `The operations port refused: ${words}. Nothing was done.`,
    };
  return { type: "unclear", detail: `The operations port failed: ${words}.` };
}

const short = (text: string): string =>
  text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX)}…` : text;

function stateOf(answer: PortAnswer): z.infer<typeof stateSchema> {
  if (answer.type !== "answered")
    throw new OperationError(
      "target_unreachable",
      `The operations port gave no state (${answer.reason}).`,
    );
  if (answer.status === 401 || answer.status === 403)
    throw new OperationError("target_unauthorized", UNAUTHORIZED);
  const state = stateSchema.safeParse(answer.body);
  if (answer.status === 200 && state.success) return state.data;
  throw new OperationError(
    "target_unreadable",
    `The operations port gave no state that can be read (status ${answer.status}).`,
  );
}

function factsOf({ services, flags }: z.infer<typeof stateSchema>): Facts {
  const values = new Map<string, string | number>();
  for (const { service, version, instances, settings, limits } of services) {
    values.set(`version:${service}`, version);
    values.set(`replicas:${service}`, instances.length);
    for (const { id } of instances) values.set(`instance:${service}.${id}`, "present");
    for (const [name, value] of Object.entries(settings))
      values.set(`setting:${service}.${name}`, value);
    for (const [callee, most] of Object.entries(limits))
      values.set(`limit:${service}.${callee}`, most);
  }
  for (const [flag, variant] of Object.entries(flags)) values.set(`flag:${flag}`, variant);
  return { kinds: KINDS, values };
}

import { lookup as lookupCallback } from "node:dns";
import type { LookupFunction } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import { Agent, request } from "undici";
import { OperationError } from "../../../errors.ts";
import type { Configuration } from "../contract.ts";
import type { CallPlan } from "../shop-plan.ts";

/** Service names resolve to this machine, as a cluster's own name service would resolve them. */
const resolveHere: LookupFunction = (_hostname, options, done) => {
  lookupCallback("127.0.0.1", options, done);
};

export interface Call {
  readonly callee: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** The call of a plan, to be completed with method and path. */
export function plannedCall(
  callees: readonly CallPlan[],
  callee: CallPlan["callee"],
): Pick<Call, "callee" | "timeoutMs" | "retries"> {
  const plan = callees.find((it) => it.callee === callee);
  if (plan === undefined) throw new OperationError("callee_unknown", `no plan to call ${callee}`);
  return plan;
}

/** Calls to other services: round robin over the live instances, a timeout and a bounded number of retries each. */
export class Caller {
  readonly #agent = new Agent({
    connections: 64,
    connect: { lookup: resolveHere, timeout: 1_000 },
    keepAliveTimeout: 4_000,
  });
  readonly #log: FastifyBaseLogger;
  readonly #configuration: () => Configuration;
  readonly #turns = new Map<string, number>();

  constructor(configuration: () => Configuration, log: FastifyBaseLogger) {
    this.#configuration = configuration;
    this.#log = log;
  }

  async call(call: Call): Promise<unknown> {
    let last: OperationError | undefined;
    for (let attempt = 0; attempt <= call.retries; attempt += 1) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        last = upstreamError(call.callee, error);
        this.#log.warn({ callee: call.callee, attempt, err: last.message }, "upstream call failed");
      }
    }
    throw last ?? new OperationError("upstream_failed", `${call.callee} was not called`);
  }

  async #attempt(call: Call): Promise<unknown> {
    const live = this.#configuration().endpoints[call.callee] ?? [];
    const turn = this.#turns.get(call.callee) ?? 0;
    this.#turns.set(call.callee, turn + 1);
    const target = live[turn % Math.max(live.length, 1)];
    if (target === undefined)
      throw new OperationError("upstream_absent", `${call.callee} has no live instance`);
    const response = await request(`http://${call.callee}:${target.port}${call.path}`, {
      method: call.method,
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(call.timeoutMs),
      ...(call.body === undefined
        ? {}
        : {
            headers: { "content-type": "application/json" },
            body: JSON.stringify(call.body),
          }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 500)
      throw new OperationError("upstream_failed", `${call.callee} answered ${response.statusCode}`);
    return text === "" ? null : JSON.parse(text);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function upstreamError(callee: string, error: unknown): OperationError {
  if (error instanceof OperationError) return error;
  const name = error instanceof Error ? error.name : "Error";
  const code = name === "TimeoutError" ? "upstream_timeout" : "upstream_failed";
  const detail = error instanceof Error ? error.message : String(error);
  return new OperationError(code, `${callee}: ${detail}`, { cause: error });
}

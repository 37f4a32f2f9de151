import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Build } from "../builds.ts";
import type { Configuration, ShopService } from "../contract.ts";
import type { Random } from "../random.ts";
import type { ServicePlan } from "../shop-plan.ts";
import type { Caller } from "./calls.ts";
import type { Database } from "./database.ts";
import type { Station } from "./station.ts";

/** What the code of one service works with. */
export interface Instance {
  readonly service: ShopService;
  readonly plan: ServicePlan;
  readonly build: Build;
  readonly station: Station;
  readonly caller: Caller;
  readonly database: Database;
  readonly log: FastifyBaseLogger;
  readonly random: Random;
  readonly configuration: () => Configuration;
  readonly setting: (name: string) => string;
  readonly flag: (name: string) => string;
  /** Ends when the process is asked to stop. */
  readonly stopping: AbortSignal;
}

/** A handler gets a signal that ends when its caller has gone. */
type Handler = (request: FastifyRequest, signal: AbortSignal) => Promise<unknown>;

export function serve(
  app: FastifyInstance,
  route: { readonly method: "GET" | "POST" | "DELETE"; readonly url: string },
  handler: Handler,
): void {
  app.route({
    ...route,
    handler: async (request, reply) => handler(request, goneSignal(reply)),
  });
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { WorldStatus } from "../../src/demo/world/supervisor.ts";

type PortState = Pick<WorldStatus, "services" | "flags">;

/** What befalls one request. `before` and `after` say whether the effect has happened by then. */
export type PortFault =
  | { readonly type: "reset"; readonly when: "before" | "after" }
  | { readonly type: "hang"; readonly when: "before" | "after" }
  | { readonly type: "late"; readonly ms: number }
  | {
      readonly type: "answer";
      readonly when: "before" | "after";
      readonly status: number;
      readonly body?: unknown;
    };

interface PortEffect {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * A stand-in for the demo world's operations port, as a real server. Unlike the real one it does everything that it is
 * asked as often as it is asked, so that `effects` shows who asks twice.
 */
export interface OperationsPort extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly effects: readonly PortEffect[];
  /** Requests that came in, with those that had no effect. */
  readonly requests: readonly string[];
  state: PortState;
  /** Befalls the next request of that method, then is gone. */
  fail(method: "GET" | "POST", fault: PortFault): void;
}

const TOKEN = "port-token";

const shopState = (): PortState => ({
  services: [
    {
      service: "catalog",
      version: "1.5.0",
      instances: [
        { id: "catalog-1", node: "node-a1" },
        { id: "catalog-2", node: "node-b2" },
      ],
      settings: { pg_pool_max: "2" },
      limits: {},
    },
    { service: "gateway", version: "3.8.1", instances: [], settings: {}, limits: { cart: 9 } },
  ],
  flags: { "catalog-review-highlights": "on" },
});

type Service = PortState["services"][number];

/** What an operation makes of one service. */
function changed(path: string, service: Service, body: PortEffect["body"]): Service {
  const renewed = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${service.service}-new-${i + 1}`,
      node: "node-a1",
    }));
  switch (path) {
    case "/ops/rollback":
      return {
        ...service,
        version: String(body.to_version),
        instances: renewed(service.instances.length),
      };
    case "/ops/scale":
      return { ...service, instances: renewed(Number(body.replicas)) };
    case "/ops/restart":
      return { ...service, instances: renewed(Math.max(1, service.instances.length)) };
    case "/ops/setting":
      return {
        ...service,
        settings: { ...service.settings, [String(body.setting)]: String(body.value) },
      };
    case "/ops/limit":
      return {
        ...service,
        limits: { ...service.limits, [String(body.callee)]: Number(body.max_concurrent) },
      };
  }
  return service;
}

function stateAfter(state: PortState, path: string, body: PortEffect["body"]): PortState {
  if (path === "/ops/flag")
    return { ...state, flags: { ...state.flags, [String(body.flag)]: String(body.variant) } };
  const name = body.service ?? body.caller;
  return {
    ...state,
    services: state.services.map((it) => (it.service === name ? changed(path, it, body) : it)),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

class Port {
  readonly effects: PortEffect[] = [];
  readonly requests: string[] = [];
  readonly faults = new Map<string, PortFault[]>();
  state = shopState();

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [method, path] = [request.method ?? "", request.url ?? ""];
    this.requests.push(`${method} ${path}`);
    const sent = await text(request);
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return send(response, 401, { ok: false, code: "unauthorized", message: "wrong token" });
    const fault = this.faults.get(method)?.shift();
    if (fault?.type === "late") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    const perform = (): unknown => this.#perform(request, path, sent);
    if (fault === undefined || fault.type === "late") return send(response, 200, perform());
    if (fault.when === "after") perform();
    if (fault.type === "reset") request.socket.resetAndDestroy();
    if (fault.type === "answer") send(response, fault.status, fault.body ?? { ok: false });
  }

  #perform(request: IncomingMessage, path: string, sent: string): unknown {
    if (request.method === "GET") return { ok: true, ...this.state };
    const body = JSON.parse(sent) as PortEffect["body"];
    const key = request.headers["idempotency-key"];
    this.effects.push({ path, key: typeof key === "string" ? key : undefined, body });
    this.state = stateAfter(this.state, path, body);
    const name = body.service ?? body.caller;
    const instances = this.state.services.find((it) => it.service === name)?.instances ?? [];
    return {
      ok: true,
      change: { id: `chg-${this.effects.length}`, summary: `${path} ${name ?? body.flag}` },
      instances: instances.map(({ id }) => id),
    };
  }
}

export async function openOperationsPort(): Promise<OperationsPort> {
  const port = new Port();
  const server = createServer((request, response) => {
    port.answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const number = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${number}`,
    token: TOKEN,
    effects: port.effects,
    requests: port.requests,
    get state() {
      return port.state;
    },
    set state(next) {
      port.state = next;
    },
    fail: (method, fault) => {
      port.faults.set(method, [...(port.faults.get(method) ?? []), fault]);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

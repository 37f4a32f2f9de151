import { CODE, KIND, type RecordAttributes } from "./records.ts";

/** All of a span but its ids, its times and its sender. Made once, shared by all spans of one kind and outcome. */
export interface SpanForm {
  readonly name: string;
  readonly kind: number;
  readonly status: number;
  readonly attributes: RecordAttributes;
}

/** How a call or a request ended: undefined is well, else an `error.type`. */
export type Failure = string | undefined;

/** Forms by outcome. */
export type SpanForms = (failure: Failure) => SpanForm;

const HTTP = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\/.*)$/;
const CONSUMED = /^process (.+)$/;
/** Failures that came as an answer. */
const ANSWERED = /^\d{3}$/;

function remembered(make: (failure: Failure) => SpanForm): SpanForms {
  const well = make(undefined);
  const failed = new Map<string, SpanForm>();
  return (failure) => {
    if (failure === undefined) return well;
    const known = failed.get(failure) ?? make(failure);
    failed.set(failure, known);
    return known;
  };
}

function outcome(failure: Failure, answersHttp: boolean): RecordAttributes {
  if (failure === undefined) return answersHttp ? { "http.response.status_code": 200 } : {};
  return {
    "error.type": failure,
    ...(answersHttp && ANSWERED.test(failure)
      ? { "http.response.status_code": Number(failure) }
      : {}),
  };
}

const statusOf = (failure: Failure): number => (failure === undefined ? CODE.unset : CODE.error);

/** The span of a request at the service that serves it. */
export function servedForms(service: string, operation: string, queueSystem: string): SpanForms {
  const [, method, route] = HTTP.exec(operation) ?? [];
  const [, destination] = CONSUMED.exec(operation) ?? [];
  return remembered((failure) => {
    const status = statusOf(failure);
    if (method !== undefined && route !== undefined) {
      const attributes = {
        "http.request.method": method,
        "http.route": route,
        "url.scheme": "http",
        ...outcome(failure, true),
      };
      return { name: operation, kind: KIND.server, status, attributes };
    }
    if (destination !== undefined) {
      const attributes = {
        "messaging.system": queueSystem,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": destination,
        ...outcome(failure, false),
      };
      return { name: operation, kind: KIND.consumer, status, attributes };
    }
    const attributes = {
      "rpc.system": "grpc",
      "rpc.service": service,
      "rpc.method": operation,
      ...outcome(failure, false),
    };
    return { name: `${service}/${operation}`, kind: KIND.server, status, attributes };
  });
}

/** The caller's span of a call to a service. */
export function calledServiceForms(callee: string, operation: string): SpanForms {
  const [, method] = HTTP.exec(operation) ?? [];
  return remembered((failure) => ({
    name: method ?? `${callee}/${operation}`,
    kind: KIND.client,
    status: statusOf(failure),
    attributes: {
      ...(method === undefined
        ? { "rpc.system": "grpc", "rpc.service": callee, "rpc.method": operation }
        : { "http.request.method": method }),
      "server.address": callee,
      "server.port": 8080,
      ...outcome(failure, method !== undefined),
    },
  }));
}

export function calledExternalForms(external: string, path: string): SpanForms {
  const [, method] = HTTP.exec(path) ?? [];
  return remembered((failure) => ({
    name: method ?? "POST",
    kind: KIND.client,
    status: statusOf(failure),
    attributes: {
      "http.request.method": method ?? "POST",
      "server.address": external,
      "server.port": 443,
      ...outcome(failure, true),
    },
  }));
}

export function queryForms(
  database: { readonly name: string; readonly system: string; readonly host: string },
  statement: string,
): SpanForms {
  return remembered((failure) => ({
    name: statement,
    kind: KIND.client,
    status: statusOf(failure),
    attributes: {
      "db.system.name": database.system,
      "db.namespace": database.name,
      "db.query.summary": statement,
      "server.address": `${database.name}.${database.host}`,
      "server.port": 5432,
      ...outcome(failure, false),
    },
  }));
}

export function sentForms(queue: string, system: string): SpanForms {
  return remembered((failure) => ({
    name: `send ${queue}`,
    kind: KIND.producer,
    status: statusOf(failure),
    attributes: {
      "messaging.system": system,
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": queue,
      ...outcome(failure, false),
    },
  }));
}

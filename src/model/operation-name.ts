import { boundedName, identityText, textOf } from "./attribute-text.ts";
import type { Attributes } from "./entity.ts";
import { SPAN_KIND } from "./signal.ts";

/** Where requests without a route, and operations beyond a service's limit, are counted together. */
export const OVERFLOW_OPERATION = "/{unknown}";
/** Database operations beyond a link's limit are counted under this name. */
export const OVERFLOW_CALL = "{other}";

const NAME_MAX = 160;
const STATEMENT_MAX = 120;

/** Parts of an operation's name, so that a cache can find it without building text for each span. */
export interface OperationParts {
  readonly verb: string;
  readonly route: string;
  /** Between the two. */
  readonly joint: " " | "/";
}

/** Reused for every span: the caller reads it at once. */
const parts: { verb: string; route: string; joint: " " | "/" } = {
  verb: "",
  route: "",
  joint: " ",
};

function setParts(verb: string, route: string, joint: " " | "/" = " "): OperationParts {
  parts.verb = verb;
  parts.route = route;
  parts.joint = joint;
  return parts;
}

/**
 * The operation that a server or consumer span served. A raw URL path never becomes a name: what has no route is
 * `/{unknown}`. The result is only valid until the next call.
 */
export function servedOperation(
  attributes: Attributes,
  name: string,
  kind: number,
): OperationParts {
  const method = attributes["http.request.method"] ?? attributes["http.method"];
  if (typeof method === "string") {
    const route = attributes["http.route"];
    const verb = method === "_OTHER" ? "HTTP" : method;
    return setParts(verb, typeof route === "string" && route !== "" ? route : OVERFLOW_OPERATION);
  }
  const rpc = attributes["rpc.method"];
  if (typeof rpc === "string") return setParts(textOf(attributes, "rpc.service"), rpc, "/");
  if (kind === SPAN_KIND.consumer || attributes["messaging.system"] !== undefined) {
    const destination = textOf(
      attributes,
      "messaging.destination.template",
      "messaging.destination.name",
      "messaging.destination",
    );
    if (destination !== "") {
      const verb = textOf(attributes, "messaging.operation.name", "messaging.operation");
      return setParts(verb === "" ? "process" : verb, destination);
    }
  }
  return setParts("", name);
}

export function operationText({ verb, route, joint }: OperationParts): string {
  if (verb === "") return identityText(route === "" ? "{unnamed}" : route, NAME_MAX);
  return identityText(`${verb}${joint}${route}`, NAME_MAX);
}

/** A query with its values taken out: literals become `?`, lists of them one `?`. */
function maskedStatement(statement: string): string {
  const masked = statement
    .slice(0, 2_000)
    .replace(/'(?:[^']|'')*'?/g, "?")
    .replace(/\$\d+|\b\d+(?:\.\d+)?\b/g, "?")
    .replace(/\s+/g, " ")
    .replace(/\(\s*\?(?:\s*,\s*\?)*\s*\)(?:\s*,\s*\(\s*\?(?:\s*,\s*\?)*\s*\))*/g, "(?)")
    .trim();
  return boundedName(masked, STATEMENT_MAX);
}

/** What a client span asked a database for: its summary, else its statement without values, else the span's name. */
export function queryText(attributes: Attributes): string {
  return textOf(attributes, "db.query.summary", "db.query.text", "db.statement");
}

export function queryName(attributes: Attributes, name: string): string {
  const summary = textOf(attributes, "db.query.summary");
  if (summary !== "") return boundedName(summary, STATEMENT_MAX);
  const statement = textOf(attributes, "db.query.text", "db.statement");
  if (statement !== "") return maskedStatement(statement);
  const verb = textOf(attributes, "db.operation.name", "db.operation");
  const target = textOf(attributes, "db.collection.name", "db.sql.table");
  if (verb !== "" && target !== "") return boundedName(`${verb} ${target}`, STATEMENT_MAX);
  return boundedName(name, STATEMENT_MAX);
}

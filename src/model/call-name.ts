import { boundedName, firstText, identityText, textOf } from "./attribute-text.ts";
import { queryName, queryText } from "./operation-name.ts";
import { ADDRESS_KEYS, PORT_KEYS } from "./peer.ts";
import { SPAN_KIND, type Span } from "./signal.ts";

const NAME_MAX = 120;
const PART_KEYS = [
  "http.request.method",
  "http.method",
  "db.namespace",
  "db.name",
  "messaging.destination.template",
  "messaging.destination.name",
  "messaging.destination",
];

/** What tells a sender's calls apart, in four texts that a span holds ready. */
export interface CallPath {
  readonly place: string;
  readonly port: string;
  readonly part: string;
  readonly what: string;
}

export function callPath(span: Span): CallPath {
  const { attributes } = span;
  return {
    place: firstText(attributes, ADDRESS_KEYS) || textOf(attributes, "peer.service"),
    port: firstText(attributes, PORT_KEYS),
    part: callPart(span),
    what: callWhat(span),
  };
}

/** What parts calls to one place: method, namespace or destination. */
function callPart({ attributes, kind }: Span): string {
  const part = firstText(attributes, PART_KEYS);
  if (part !== "") return part;
  return kind === SPAN_KIND.producer ? "producer" : "";
}

/** A text that stands for what is called, as the span has it. */
function callWhat(span: Span): string {
  const query = queryText(span.attributes);
  if (query !== "") return query;
  const template = span.attributes["url.template"];
  return typeof template === "string" ? template : span.name;
}

/** What is called, as the caller names it; a service's own server span names it better. */
export function callName({ attributes, name }: Span): string {
  if (attributes["db.system.name"] !== undefined || attributes["db.system"] !== undefined) {
    return queryName(attributes, name);
  }
  const method = textOf(attributes, "http.request.method", "http.method");
  if (method !== "") {
    const template = textOf(attributes, "url.template");
    return identityText(template === "" ? method : `${method} ${template}`, NAME_MAX);
  }
  const rpc = textOf(attributes, "rpc.method");
  if (rpc !== "") {
    const service = textOf(attributes, "rpc.service");
    return identityText(service === "" ? rpc : `${service}/${rpc}`, NAME_MAX);
  }
  return boundedName(name, NAME_MAX);
}

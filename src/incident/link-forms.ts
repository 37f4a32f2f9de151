import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import { LIMIT_MAX } from "./action-schema.ts";
import type { Answer } from "./contract.ts";
import { linkNamed } from "./named.ts";
import { refuse } from "./refusal.ts";
import {
  COUNT,
  form,
  found,
  type Groups,
  LINK,
  NUMBER,
  numberOf,
  type TextForm,
} from "./text-form.ts";

const CALLS =
  "(?:(?:concurrent |parallel )?(?:calls?|requests?|connections?)(?: at (?:once|a time))?)";
const TO = "(?: (?:to|of|at)| ?=)? ?";
const POOL_MAX = 10_000;
const TIMEOUT_MAX_MS = 3_600_000;
const RETRIES_MAX = 100;

type Ends = { readonly from: string; readonly to: string };

/** Between two ends on which calls were observed, with a number in its bounds. */
function between(
  { caller, callee }: Groups,
  view: WorldView,
  value: { readonly is: number; readonly from: number; readonly to: number; readonly what: string },
  make: (ends: Ends) => Intervention,
): Answer<Intervention> {
  const link = linkNamed(view, { caller: caller ?? "", callee: callee ?? "" });
  if (!link.ok) return link;
  if (value.is < value.from || value.is > value.to)
    return refuse("out_of_range", `${value.what} can be ${value.from} to ${value.to}.`);
  return found(make({ from: link.data.caller.name, to: link.data.callee.name }));
}

function limited(groups: Groups, view: WorldView): Answer<Intervention> {
  const max = numberOf(groups.count);
  const bounds = { is: max, from: 1, to: LIMIT_MAX, what: "A limit of concurrent calls" };
  return between(groups, view, bounds, (ends) => ({
    type: "limit",
    ...ends,
    max_concurrent: max,
  }));
}

function pooled(groups: Groups, view: WorldView): Answer<Intervention> {
  const size = numberOf(groups.count);
  const bounds = { is: size, from: 1, to: POOL_MAX, what: "A pool's size" };
  return between(groups, view, bounds, (ends) => ({ type: "pool", ...ends, size }));
}

function timedOut(groups: Groups, view: WorldView): Answer<Intervention> {
  const isSeconds = !/^(?:ms|milli)/i.test(groups.unit ?? "");
  const ms = Math.round(numberOf(groups.number) * (isSeconds ? 1_000 : 1));
  const bounds = { is: ms, from: 1, to: TIMEOUT_MAX_MS, what: "A timeout in ms" };
  return between(groups, view, bounds, (ends) => ({ type: "timeout", ...ends, ms }));
}

function retried(count: number): TextForm["read"] {
  return (groups, view) => {
    const is = Number.isNaN(count) ? numberOf(groups.count) : count;
    const bounds = { is, from: 0, to: RETRIES_MAX, what: "Retries" };
    return between(groups, view, bounds, (ends) => ({ type: "retries", ...ends, count: is }));
  };
}
const AS_SAID = Number.NaN;

/** What concerns the calls from one to another. */
export const LINK_FORMS: readonly TextForm[] = [
  form(
    String.raw`limit(?:ing|ed)? (?<caller>\S+) to ${COUNT} ${CALLS} (?:to|of|into|on|at) (?<callee>\S+)`,
    limited,
  ),
  form(
    `limit(?:ing|ed)? (?:the )?(?:${CALLS} )?${LINK} to ${COUNT}(?: (?:${CALLS}|at once|at a time))?`,
    limited,
  ),
  form(`(?:set )?(?:the |a )?pool(?: size)? ${LINK}${TO}${COUNT}`, pooled),
  form(
    `(?:set )?(?:the |a )?timeout ${LINK}${TO}${NUMBER} ?(?<unit>ms|s|sec|seconds?|milliseconds?)`,
    timedOut,
  ),
  form(`(?:set )?(?:the )?retries ${LINK}${TO}${COUNT}`, retried(AS_SAID)),
  form(`(?:no|without|disable|turn off|stop) (?:the )?retries ${LINK}`, retried(0)),
];

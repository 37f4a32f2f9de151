import type { Incident } from "../incident/contract.ts";
import { CONFIDENT_PROBABILITY, considers, isElse, topOf } from "../incident/diagnosis-news.ts";
import type { Page } from "../incident/events.ts";
import { diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { entityName } from "../model/entity.ts";
import { formatQuantity } from "../model/quantity.ts";
import type { WorldView } from "../model/view.ts";
import { conditionOf } from "./pages.ts";

/** A first cause this likely makes two pages one incident. */
const SAME_CAUSE_PROBABILITY = 0.3;
/** Pages that begin together are one incident, unless their causes say otherwise. */
const TOGETHER_MS = 60_000;

/** What becomes of a page. */
export type Admission =
  /** Its incident is open already. */
  | { readonly type: "known" }
  /** Its incident had recovered, and nothing says that this is another trouble. */
  | { readonly type: "reopens"; readonly incident: Incident }
  | { readonly type: "joins"; readonly incident: Incident; readonly reason: string }
  | { readonly type: "opens" };

/** Decides it by the condition, then by the likely cause. `unresolved` is in the order of opening. */
export function admissionOf(
  view: WorldView,
  page: Page,
  unresolved: readonly Incident[],
): Admission {
  const own = ownerOf(unresolved, conditionOf(page));
  if (own !== undefined && own.recovered === undefined) return { type: "known" };
  if (page.type === "blind")
    return own === undefined ? { type: "opens" } : { type: "reopens", incident: own };
  const diagnosis = diagnose(view, page.sloId === undefined ? {} : { sloId: page.sloId });
  if (own !== undefined && !isAnother(diagnosis, own.diagnosis))
    return { type: "reopens", incident: own };
  const host = hostOf(page, diagnosis, unresolved);
  return host === undefined ? { type: "opens" } : { type: "joins", ...host };
}

/** The incident that a condition belongs to: of those that know it the one that was opened last. */
export function ownerOf(unresolved: readonly Incident[], condition: string): Incident | undefined {
  return unresolved.findLast((one) => conditionsOf(one).has(condition));
}

function conditionsOf({ page, joined }: Incident): ReadonlySet<string> {
  return new Set([page, ...joined.map((one) => one.page)].map(conditionOf));
}

export function isConfident({ hypotheses }: Diagnosis): boolean {
  return (hypotheses[0]?.probability ?? 0) >= CONFIDENT_PROBABILITY;
}

/** The incident that a new page belongs to: the same likely cause, a cause that reaches it, or the same moment. */
function hostOf(
  page: Page,
  diagnosis: Diagnosis,
  unresolved: readonly Incident[],
): { readonly incident: Incident; readonly reason: string } | undefined {
  const open = unresolved.filter((one) => one.recovered === undefined && one.page.type !== "blind");
  const [top] = diagnosis.hypotheses;
  for (const incident of open) {
    const other = incident.diagnosis?.hypotheses[0];
    if (top === undefined || other === undefined || top.root !== other.root) continue;
    if (Math.min(top.probability, other.probability) < SAME_CAUSE_PROBABILITY) continue;
    const likely = formatQuantity({ value: top.probability, unit: "probability" });
    return { incident, reason: `same likely cause: ${top.name}, ${likely}` };
  }
  const hosts = open.filter((one) => !isAnother(diagnosis, one.diagnosis));
  const reached = hosts.find((one) =>
    one.diagnosis?.blastRadius.operations.some(({ operation }) => operation === page.operation),
  );
  if (reached !== undefined) return { incident: reached, reason: "within its blast radius" };
  const together = hosts.findLast((one) => page.atMs - one.episodeMs <= TOGETHER_MS);
  if (together === undefined) return undefined;
  const where = page.service === undefined ? "" : ` on ${entityName(page.service)}`;
  return { incident: together, reason: `began at the same time${where}` };
}

/** Both are sure of a first cause: of another change of the same place, or of places that the other does not consider. */
function isAnother(diagnosis: Diagnosis, other: Diagnosis | undefined): boolean {
  if (other === undefined || !isConfident(diagnosis) || !isConfident(other)) return false;
  const [now, before] = [topOf(diagnosis), topOf(other)];
  if (now.root === before.root) return isElse(before, now);
  return !(considers(diagnosis, before.root) || considers(other, now.root));
}

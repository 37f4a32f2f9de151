import { z } from "zod";
import { type AttributeValue, entityName } from "../src/model/entity.ts";
import type { Change } from "../src/model/view.ts";
import { answer, EVIDENCE_MAX, firstOf, isoTime, quantities } from "./answer.ts";
import { defineTool, type EvidenceDraft } from "./define-tool.ts";
import { atSchema, pastViewAt } from "./instant.ts";
import { resolveEntity } from "./named-entity.ts";
import { nameText, untrustedText } from "./untrusted.ts";
import {
  changesKnownFrom,
  lastMinutesOfChanges,
  minutesSchema,
  windowSchema,
  windowText,
} from "./window.ts";

/** Limit: changes of one answer, newest first. */
const CHANGES_MAX = 12;
const MINUTES = 60;

/** Facts of a change that an action can be made from; free text of it stays in `untrusted`. */
const FACT_KEYS = [
  "version",
  "previous_version",
  "setting",
  "value",
  "previous_value",
  "flag",
  "variant",
  "previous_variant",
  "replicas",
  "previous_replicas",
] as const;

const changeSchema = z.object({
  id: z.string(),
  time: z.string(),
  kind: z.string(),
  entity: z.string(),
  origin: z.string(),
  facts: z.record(z.string(), z.string()),
  untrusted: z.string(),
});
const input = z.strictObject({
  entity: z.string().max(200).optional().describe("Service or flag; default all."),
  minutes: minutesSchema(MINUTES),
  at: atSchema,
});
const output = z.object({ window: windowSchema, changes: z.array(changeSchema) });

const factText = (value: AttributeValue | undefined): string | undefined =>
  value === undefined || value === "" ? undefined : nameText(String(value));

function factsOf(change: Change): Record<string, string> {
  const known = FACT_KEYS.flatMap((key) => {
    const text = factText(change.attributes[key]);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(known);
}

function changedEntity(change: Change): string {
  return nameText(change.entity === undefined ? change.entityText : entityName(change.entity));
}

/** What happened, in a clause that code can vouch for: only kinds and facts, no text of the change's author. */
export function changeClause(change: Change): string {
  const entity = changedEntity(change);
  const facts = factsOf(change);
  const from = (key: string): string => (facts[key] === undefined ? "" : ` (was ${facts[key]})`);
  if (facts.version !== undefined) {
    return `${entity} went to version ${facts.version}${from("previous_version")}`;
  }
  if (facts.flag !== undefined && facts.variant !== undefined) {
    return `flag ${facts.flag} went to ${facts.variant}${from("previous_variant")}`;
  }
  if (facts.setting !== undefined) {
    return `${facts.setting} of ${entity} went to ${facts.value ?? "another value"}${from("previous_value")}`;
  }
  if (facts.replicas !== undefined) {
    return `${entity} went to ${facts.replicas} replicas${from("previous_replicas")}`;
  }
  return `a ${change.kind} change of ${entity}`;
}

export function changeEvidence(change: Change, asOfMs: number): EvidenceDraft {
  return {
    kind: "change",
    about: changedEntity(change),
    text: `${changeClause(change)} at {{time}}`,
    values: {
      ...quantities("time", { time: change.timeMs }),
      ...quantities("ms", { ago: asOfMs - change.timeMs }),
      ...factsOf(change),
    },
  };
}

function changeRow(change: Change): z.infer<typeof changeSchema> {
  return {
    id: nameText(change.id),
    time: isoTime(change.timeMs),
    kind: change.kind,
    entity: changedEntity(change),
    origin: change.origin,
    facts: factsOf(change),
    untrusted: untrustedText(change.summary),
  };
}

export const listChanges = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "list_changes",
  description:
    "Deploys, config, flag, scaling and restart changes before an instant, newest first, with what was before (versions, values, variants). A change near the onset is a suspect, not a verdict.",
  input,
  output,
  effect: "read",
  timeoutMs: 2_000,
  title: ({ entity }) => `Listing changes${entity === undefined ? "" : ` of ${nameText(entity)}`}`,
  run(context, { entity, minutes, at }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const about = entity === undefined ? undefined : resolveEntity(view, entity);
    if (about?.ok === false) return about;
    const window = lastMinutesOfChanges(view, minutes);
    const changes = [...view.changes(window, about?.entity.id)].reverse();
    const { kept, notes } = firstOf(changes, CHANGES_MAX, "changes");
    const knownFromMs = changesKnownFrom(view, window.fromMs);
    const isShort = knownFromMs > window.fromMs;
    const noun = changes.length === 1 ? "change" : "changes";
    const count: EvidenceDraft = {
      kind: "change",
      about: about === undefined ? "system" : nameText(about.entity.name),
      text: `{{count}} ${noun} ${isShort ? "since {{knownFrom}}, when watching began" : "in the last {{span}}"}`,
      values: {
        ...quantities("count", { count: changes.length }),
        ...quantities("ms", { span: window.toMs - Math.max(window.fromMs, knownFromMs) }),
        ...quantities("time", isShort ? { knownFrom: knownFromMs } : {}),
      },
    };
    return answer(
      { window: windowText(window), changes: kept.map(changeRow) },
      [count, ...kept.slice(0, EVIDENCE_MAX - 1).map((one) => changeEvidence(one, view.asOfMs))],
      notes,
    );
  },
});

import { entityName } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Answer } from "./contract.ts";
import { FORMS } from "./intervention-forms.ts";
import { type Observed, observe, said } from "./observed.ts";
import { currentVersion, versionsLeft } from "./observed-versions.ts";
import { refuse, shownName } from "./refusal.ts";

/** Limit: characters of a text that is read. */
const TEXT_CHARS_MAX = 300;

/** What people say before and after what they mean. */
const OPENING =
  /^(?:and |so |please |what (?:would happen|happens|about|if)\b,? ?|if |suppose |simulate |predict |could |can |should |shall |would |let's |let us |we |i |you |they |somebody |someone |were to |just |also |then |now )/i;

function trimmed(text: string): string {
  let rest = text
    .replace(/\s+/g, " ")
    .replace(/["“”'’`]/g, "")
    .trim()
    .replace(/[?!.\s]+$/, "");
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(OPENING, "").trim();
  }
  return rest;
}

/** A rollback that somebody may want: of the newest deploy that stands, and to no version that was gone back from. */
function rollbackExample(observed: Observed): readonly string[] {
  const { view, changes } = observed;
  for (const change of changes.toReversed()) {
    const { kind, entity } = change;
    const before = said(change, "previous_version");
    if (kind !== "deploy" || entity?.startsWith("service:") !== true || before === undefined)
      continue;
    const stands = currentVersion(observed, entity) === said(change, "version");
    if (stands && !versionsLeft(observed, entity).includes(before))
      return [`roll back ${view.entity(entity)?.name ?? entityName(entity)} to ${before}`];
  }
  return [];
}

/** Texts that are understood here: their names exist. */
function examples(view: WorldView): readonly string[] {
  const [service] = view.entities({ type: "service" });
  return [
    ...(service === undefined ? [] : [`scale ${service.name} to 4`]),
    ...rollbackExample(observe(view)),
    "load +30%",
  ];
}

const GRAMMAR =
  "scale SERVICE to N, roll back SERVICE to VERSION, restart SERVICE or INSTANCE, turn FLAG on or off, restore SETTING of SERVICE, " +
  "limit CALLER to N calls to CALLEE, load +30%, shed 30%, drain NODE, pool A->B N, timeout A->B N ms, retries A->B N, SERVICE gets 2x slower, nothing";

/**
 * Reads what a person wants predicted: "scale cart to 4", "roll back catalog to 1.4.2", "load +30%", "drain node-a1".
 * Pure. Names come out as telemetry has them. Refusals: `not_understood` (says what is), `too_long`, `entity_unknown`,
 * `link_unknown`, `version_unknown`, `flag_unknown`, `setting_unknown`, `value_unknown`, `out_of_range`.
 */
export function parseIntervention(text: string, view: WorldView): Answer<Intervention> {
  if (text.length > TEXT_CHARS_MAX)
    return refuse("too_long", "That is too long for one what-if.", examples(view));
  const wanted = trimmed(text);
  for (const { pattern, read } of FORMS) {
    const match = pattern.exec(wanted);
    if (match !== null) return read(match.groups ?? {}, view);
  }
  return refuse(
    "not_understood",
    `I did not understand "${shownName(text)}". I understand: ${GRAMMAR}.`,
    examples(view),
  );
}

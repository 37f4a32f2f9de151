import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import {
  flagHistory,
  flagsKnown,
  settingHistory,
  settingsKnown,
  type ValueHistory,
} from "./change-history.ts";
import type { Answer } from "./contract.ts";
import { serviceNamed } from "./named.ts";
import { observe } from "./observed.ts";
import { currentVersion, versionsKnown, versionsLeft } from "./observed-versions.ts";
import { nearNames, refuse, shownName } from "./refusal.ts";
import { SWITCH_WORDS, stateSaid } from "./switch-words.ts";
import { form, found, type Groups, NAME, type TextForm } from "./text-form.ts";

/** Without a version, the one before the current; a leading `v` may be there or not. */
function rolledBack({ name, version }: Groups, view: WorldView): Answer<Intervention> {
  const service = serviceNamed(view, name ?? "");
  if (!service.ok) return service;
  const observed = observe(view);
  const { id, name: entity } = service.data;
  const known = versionsKnown(observed, id);
  const current = currentVersion(observed, id);
  const others = known.filter((one) => one !== current);
  const left = versionsLeft(observed, id);
  const kept = others.filter((one) => !left.includes(one));
  const [before] = kept;
  const wanted = version?.replace(/^v(?=\d)/i, "");
  const to_version =
    version === undefined
      ? before
      : (known.find((one) => one === version) ??
        known.find((one) => one.replace(/^v(?=\d)/i, "") === wanted));
  if (to_version !== undefined) return found({ type: "rollback", entity, to_version });
  return refuse(
    "version_unknown",
    version === undefined
      ? `No earlier version of ${shownName(entity)} is known: name one.`
      : `${shownName(entity)} was never seen to serve ${shownName(version)}.`,
    kept.map((one) => `roll back ${entity} to ${one}`),
  );
}

const OFF = ["off", "false", "disabled", "disable", "0", "no", "control"];
const ON = ["on", "true", "enabled", "enable", "1", "yes"];

/** The variant that a person means: by its own name, or any that means on or off. */
function variantMeant(word: string, { current, earlier }: ValueHistory): string | undefined {
  const known = [...earlier, ...(current === undefined ? [] : [current])];
  const wanted = word.toLowerCase();
  const same = known.find((variant) => variant.toLowerCase() === wanted);
  const alike = [OFF, ON].find((words) => words.includes(wanted)) ?? [];
  return same ?? known.find((variant) => alike.includes(variant.toLowerCase()));
}

function switched(flag: string | undefined, word: string, view: WorldView): Answer<Intervention> {
  const observed = observe(view);
  const known = flagsKnown(observed);
  const named = known.find((one) => one.toLowerCase() === flag?.toLowerCase());
  if (named === undefined)
    return refuse(
      "flag_unknown",
      `No change of a flag called ${shownName(flag ?? "")} was observed.`,
      nearNames(flag ?? "", known),
    );
  const history = flagHistory(observed, named);
  const variant = variantMeant(word, history);
  if (variant !== undefined) return found({ type: "flag", flag: named, variant });
  return refuse(
    "value_unknown",
    `Flag ${shownName(named)} was never seen to be ${shownName(word)}.`,
    history.earlier.map((one) => `set flag ${named} to ${one}`),
  );
}

/** Without a value, the one before the current. */
function restored({ setting, name, value }: Groups, view: WorldView): Answer<Intervention> {
  const service = serviceNamed(view, name ?? "");
  if (!service.ok) return service;
  const observed = observe(view);
  const { id, name: entity } = service.data;
  const known = settingsKnown(observed, id);
  const named = known.find((one) => one.toLowerCase() === setting?.toLowerCase());
  if (named === undefined)
    return refuse(
      "setting_unknown",
      `No change of a setting ${shownName(setting ?? "")} of ${shownName(entity)} was observed.`,
      nearNames(setting ?? "", known),
    );
  const { current, earlier } = settingHistory(observed, id, named);
  const [before] = earlier;
  const wanted = value === undefined ? before : [...earlier, current].find((one) => one === value);
  if (wanted !== undefined)
    return found({ type: "setting", entity, setting: named, value: wanted });
  return refuse(
    "value_unknown",
    value === undefined
      ? `No earlier value of ${shownName(named)} is known: name one.`
      : `${shownName(named)} of ${shownName(entity)} was never seen to be ${shownName(value)}.`,
    earlier.map((one) => `restore ${named} of ${entity} to ${one}`),
  );
}

const VERSION = String.raw`(?:(?: back)? (?:to|=) ?(?:version )?(?<version>\S+))?`;
const SETTING = String.raw`(?:the )?(?:setting )?(?<setting>[^\s.]+)`;
const VALUE = String.raw`(?:(?: back)? (?:to|=) ?(?<value>\S+))?`;

/** What puts back something that was there before. */
export const RESTORE_FORMS: readonly TextForm[] = [
  form(`(?:roll(?:ing|ed)?[ -]?back|revert(?:ing|ed)?) ${NAME}${VERSION}`, rolledBack),
  form(`roll(?:ing|ed)? ${NAME} back(?: to (?:version )?(?<version>\\S+))?`, rolledBack),
  ...SWITCH_WORDS.map((words) =>
    form(words, (groups, view) => switched(groups.flag, stateSaid(groups), view)),
  ),
  form(
    String.raw`(?:the )?(?:feature )?flag (?<flag>\S+)(?: (?:to|=|is)| ?=)? ?(?<state>\S+)`,
    ({ flag, state }, view) => switched(flag, state ?? "", view),
  ),
  form(
    `(?:restore|put(?:ting)?(?: back)?|reset|set|change) ${SETTING} (?:of|on|in|for) ${NAME}${VALUE}`,
    restored,
  ),
  form(
    String.raw`(?:restore|reset|set|change) (?:the )?(?<name>[^\s.]+)\.(?<setting>\S+)${VALUE}`,
    restored,
  ),
];

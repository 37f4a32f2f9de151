import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Answer } from "./contract.ts";
import { LINK_FORMS } from "./link-forms.ts";
import { entityNamed, serviceNamed } from "./named.ts";
import { refuse } from "./refusal.ts";
import { RESTORE_FORMS } from "./restore-forms.ts";
import {
  COUNT,
  form,
  found,
  type Groups,
  NAME,
  NUMBER,
  numberOf,
  type TextForm,
} from "./text-form.ts";

const REPLICAS = "(?:replicas?|instances?|pods?)";
const LOAD = "(?:the )?(?:load|traffic|requests?|request rate)";
const PLACE = "(?: (?:on|of|for|to|at) (?<operation>.+?))?";

/** What a person may ask for, however far beyond what was seen. */
const REPLICAS_MAX = 1_000;
const LOAD_FACTOR_MAX = 20;
const DEMAND_FACTOR_MAX = 100;

function scaled({ name, count }: Groups, view: WorldView): Answer<Intervention> {
  const service = serviceNamed(view, name ?? "");
  if (!service.ok) return service;
  const replicas = numberOf(count);
  if (replicas < 1 || replicas > REPLICAS_MAX)
    return refuse("out_of_range", `A service has 1 to ${REPLICAS_MAX} replicas.`);
  return found({ type: "scale", entity: service.data.name, replicas });
}

function restarted({ name }: Groups, view: WorldView): Answer<Intervention> {
  const entity = entityNamed(view, name ?? "", ["service", "service.instance"]);
  return entity.ok ? found({ type: "restart", entity: entity.data.name }) : entity;
}

function drained({ name }: Groups, view: WorldView): Answer<Intervention> {
  const entity = entityNamed(view, name ?? "", ["host", "zone"]);
  return entity.ok ? found({ type: "drain", entity: entity.data.name }) : entity;
}

/** The entry operation that load or shedding is about; all of them when none is named. */
function placeOf(
  operation: string | undefined,
  view: WorldView,
): Answer<{ readonly operation?: string }> {
  if (operation === undefined) return { ok: true, data: {} };
  const entity = entityNamed(view, operation, ["operation"]);
  return entity.ok ? { ok: true, data: { operation: entity.data.name } } : entity;
}

function loaded(
  factor: number,
  operation: string | undefined,
  view: WorldView,
): Answer<Intervention> {
  const place = placeOf(operation, view);
  if (!place.ok) return place;
  if (!(factor > 0) || factor > LOAD_FACTOR_MAX)
    return refuse(
      "out_of_range",
      `Load can become more than 0 and up to ${LOAD_FACTOR_MAX} times.`,
    );
  return found({ type: "load", factor, ...place.data });
}

function shed({ number, operation }: Groups, view: WorldView): Answer<Intervention> {
  const place = placeOf(operation, view);
  if (!place.ok) return place;
  const share = numberOf(number) / 100;
  if (share <= 0 || share > 1)
    return refuse("out_of_range", "More than 0 and up to 100 % of the requests can be shed.");
  return found({ type: "shed", share, ...place.data });
}

function demanded(name: string | undefined, factor: number, view: WorldView): Answer<Intervention> {
  const service = serviceNamed(view, name ?? "");
  if (!service.ok) return service;
  if (!(factor >= 1 / DEMAND_FACTOR_MAX) || factor > DEMAND_FACTOR_MAX)
    return refuse(
      "out_of_range",
      `A service can get up to ${DEMAND_FACTOR_MAX} times slower or faster.`,
    );
  return found({ type: "demand", entity: service.data.name, factor });
}

const isLess = (word: string | undefined): boolean =>
  /^(?:-|−|less|fewer|falls?|drops?|decreases?|down|lower|faster)/i.test(word ?? "");
/** `+30 %` is 1.3, `-30 %` is 0.7. */
const percentFactor = ({ number, sign }: Groups): number =>
  1 + ((isLess(sign) ? -1 : 1) * numberOf(number)) / 100;

const MULTIPLES: Readonly<Record<string, number>> = {
  double: 2,
  doubles: 2,
  twice: 2,
  triple: 3,
  triples: 3,
  half: 0.5,
  halve: 0.5,
  halves: 0.5,
};
const MULTIPLE = `(?<multiple>${Object.keys(MULTIPLES).join("|")})`;
const multipleOf = (text: string | undefined): number => MULTIPLES[(text ?? "").toLowerCase()] ?? 1;

const loadForms: readonly TextForm[] = [
  form(
    `${LOAD}${PLACE} (?:goes |is |were )?(?:by )?(?<sign>[+−-]|up by |down by |rises by |grows by |increases by |falls by |drops by |decreases by |up |down )\\s*${NUMBER}\\s*%`,
    (groups, view) => loaded(percentFactor(groups), groups.operation, view),
  ),
  form(`${NUMBER}\\s*% (?<sign>more|less|fewer) ${LOAD}${PLACE}`, (groups, view) =>
    loaded(percentFactor(groups), groups.operation, view),
  ),
  form(`(?<sign>\\+|-|−)\\s*${NUMBER}\\s*% ${LOAD}${PLACE}`, (groups, view) =>
    loaded(percentFactor(groups), groups.operation, view),
  ),
  form(
    `${LOAD}${PLACE} (?:is )?(?:[x×*]\\s*${NUMBER}|times ${NUMBER.replace("number", "times")})`,
    (groups, view) => loaded(numberOf(groups.number ?? groups.times), groups.operation, view),
  ),
  form(`${LOAD}${PLACE} (?:is |by )?${NUMBER}(?:\\s*[x×]| times)`, (groups, view) =>
    loaded(numberOf(groups.number), groups.operation, view),
  ),
  form(`${NUMBER}(?:\\s*[x×]| times) ${LOAD}${PLACE}`, (groups, view) =>
    loaded(numberOf(groups.number), groups.operation, view),
  ),
  form(`${MULTIPLE} ${LOAD}${PLACE}`, (groups, view) =>
    loaded(multipleOf(groups.multiple), groups.operation, view),
  ),
  form(`${LOAD}${PLACE} ${MULTIPLE}`, (groups, view) =>
    loaded(multipleOf(groups.multiple), groups.operation, view),
  ),
];

const GETS = "(?:is|are|gets|becomes|were|was)";
const demandForms: readonly TextForm[] = [
  form(`${NAME} ${GETS} ${NUMBER}(?:\\s*[x×]| times) (?<sign>slower|faster)`, (groups, view) => {
    const times = numberOf(groups.number);
    return demanded(groups.name, isLess(groups.sign) ? 1 / times : times, view);
  }),
  form(`${NAME} ${GETS} ${NUMBER}\\s*% (?<sign>slower|faster)`, (groups, view) =>
    demanded(groups.name, percentFactor(groups), view),
  ),
  form(`${NAME} ${GETS} twice as (?<sign>slow|fast)`, (groups, view) =>
    demanded(groups.name, groups.sign?.toLowerCase() === "fast" ? 0.5 : 2, view),
  ),
];

const SIZE = "(?: (?:up|down|out|in))?";

/** Everything that can be asked for, the more particular forms before the more general. */
export const FORMS: readonly TextForm[] = [
  form("(?:nothing(?: is done| changes| happens)?|(?:do(?:ing)? )?nothing|no action|none)", () =>
    found({ type: "none" }),
  ),
  ...LINK_FORMS,
  form(
    `(?:scale|scaled|scaling|resize)${SIZE} ${NAME}${SIZE} (?:to|=) ?${COUNT}(?: ${REPLICAS})?`,
    scaled,
  ),
  form(`${NAME} (?:has|had|gets|got|with) ${COUNT} ${REPLICAS}`, scaled),
  form(`(?:run |give )?${COUNT} ${REPLICAS} (?:of|for|to) ${NAME}`, scaled),
  form(`(?:restart|restarted|restarting|bounce|reboot) ${NAME}`, restarted),
  form(`(?:drain|drained|draining|lose|lost|losing) ${NAME}`, drained),
  form(`shed(?:ding)? ${NUMBER}\\s*%(?: of ${LOAD})?${PLACE}`, shed),
  ...loadForms,
  ...demandForms,
  ...RESTORE_FORMS,
];

import type { KnownBlock } from "@slack/types";
import type { SloStatus } from "../../model/slo/slo.ts";
import type { PlaceStatus, SloReading, StatusAnswer } from "../deps.ts";
import { changeLine } from "./changes-card.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import { missedWindow, objectiveLine, standingOf } from "./objective-line.ts";
import { placeLine } from "./place-line.ts";
import {
  code,
  context,
  instant,
  labelled,
  type Message,
  percent,
  safe,
  section,
  spanText,
} from "./text.ts";

const SLOS_SHOWN_MAX = 20;
const INCIDENTS_SHOWN_MAX = 5;
const BLIND_SPOTS_SHOWN_MAX = 4;

/** The rules behind the verdict, once for all objectives that share them. */
function rulesText(objectives: readonly SloReading[]): string {
  const texts = objectives.map(({ status }) =>
    status.slo.rules
      .filter(({ severity }) => severity === "page")
      .map(
        (rule) =>
          `at ${rule.burnRate}× its budget over ${spanText(rule.longMs)} and ${spanText(rule.shortMs)}`,
      )
      .join(", or "),
  );
  const unique = [...new Set(texts.filter((text) => text !== ""))];
  return unique.length === 1 ? `pages ${unique[0]}` : "";
}

const are = (count: number): string => (count === 1 ? "is" : "are");
const operationOf = ({ slo }: SloStatus): string => code(slo.operation);

/** What all objectives told of come to. */
function verdict(objectives: readonly SloReading[]): string {
  const standings = objectives.map(standingOf);
  const count = (...wanted: readonly string[]): number =>
    standings.filter((one) => wanted.includes(one)).length;
  const all = objectives.length;
  const hurt = count("burning", "absent");
  if (hurt > 0) return `*${hurt} of ${all} objectives ${are(hurt)} hurt.*`;
  const missed = count("missed");
  if (missed > 0)
    return `*Nothing pages*, but ${missed} of ${all} objectives ${are(missed)} missed right now.`;
  const known = count("met", "recovered");
  if (known === 0) return "*No requests*: no objective can be judged.";
  const recovered = count("recovered");
  if (recovered === 0) return `*All well*: ${known} of ${all} objectives are met.`;
  const backMs = Math.max(...objectives.map((one) => missedWindow(one)?.lengthMs ?? 0));
  return `*Recovered*: ${known} of ${all} objectives are met now; ${recovered} ${recovered === 1 ? "was" : "were"} missed within the last ${spanText(backMs)}.`;
}

/** Whether the place that was asked about is to blame for what is hurt, first of all. */
function placeVerdict({ reading, suspectedOf, clearedOf }: PlaceStatus): string {
  const name = code(reading.name);
  if (suspectedOf !== undefined)
    return `*${name} is suspected* (${percent(suspectedOf.probability)}) of what hurts ${operationOf(suspectedOf.status)}: ${safe(suspectedOf.title)}.`;
  if (clearedOf !== undefined)
    return `*Nothing points at ${name}*: ${operationOf(clearedOf)} is hurt, and it is not among the likely causes.`;
  return "";
}

function placeTitle(place: PlaceStatus, objectives: readonly SloReading[]): string {
  const told = placeVerdict(place);
  if (told !== "") return told;
  const name = code(place.reading.name);
  if (objectives.length === 0)
    return `No objective is known to depend on ${name}; by itself it looks like this:`;
  return `${verdict(objectives)} _(what depends on ${name})_`;
}

function titleOf({ place, objectives }: StatusAnswer): string {
  if (place !== undefined) return placeTitle(place, objectives);
  if (objectives.length === 0)
    return "*No objectives are defined*, so I cannot say what is healthy.";
  return verdict(objectives);
}

type OpenIncident = StatusAnswer["openIncidents"][number];

/** Its title is what paged; what became of it comes first. */
function incidentLine({ title, pastTitle, openedMs, recoveredMs }: OpenIncident): string {
  const paged = `_(paged ${instant(openedMs)})_`;
  return recoveredMs === undefined
    ? `*Open incident* ${safe(title)} ${paged}`
    : `*Recovered* ${instant(recoveredMs)}, incident not closed yet: ${safe(pastTitle ?? title)} ${paged}`;
}

/** Health in a few lines: verdict, each objective, open incidents, the newest change, what is not seen. */
export function statusCard(answer: StatusAnswer): Message {
  const { objectives, place, asOfMs, latestChange } = answer;
  const title = titleOf(answer);
  const { shown, more } = firstOf(objectives, SLOS_SHOWN_MAX);
  const incidents = firstOf(answer.openIncidents, INCIDENTS_SHOWN_MAX);
  const blind = firstOf(answer.blindSpots, BLIND_SPOTS_SHOWN_MAX);
  const ofPlace = place === undefined ? "" : ` of ${code(place.reading.name)}`;
  const lines = [
    ...incidents.shown.map(incidentLine),
    incidents.more,
    latestChange === undefined
      ? ""
      : `*Newest change${ofPlace}*\n${changeLine(latestChange, { nowMs: asOfMs })}`,
    labelled(
      "Not seen",
      [...blind.shown.map(safe), blind.more].filter((part) => part !== "").join("; "),
    ),
  ].filter((line) => line !== "");
  const blocks: KnownBlock[] = [
    section(
      title,
      place === undefined ? "" : placeLine(place.reading),
      ...shown.map((reading) => objectiveLine(reading, asOfMs)),
      more,
    ),
    ...(lines.length === 0 ? [] : [section(...lines)]),
    context("Computed, no LLM", `as of ${instant(asOfMs)}`, safe(rulesText(objectives))),
  ];
  return { text: fitMarkup(title, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}

import type { KnownBlock } from "@slack/types";
import type { SloStatus } from "../../model/slo/slo.ts";
import type { StatusAnswer } from "../deps.ts";
import { changeLine } from "./changes-card.ts";
import { FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import {
  code,
  context,
  instant,
  labelled,
  type Message,
  percent,
  quantity,
  safe,
  section,
  spanText,
} from "./text.ts";

const SLOS_SHOWN_MAX = 20;
const INCIDENTS_SHOWN_MAX = 5;
const BLIND_SPOTS_SHOWN_MAX = 4;

const SIGNS: Readonly<Record<SloStatus["state"], string>> = {
  ok: "🟢",
  burning: "🔴",
  absent: "🔴",
  "no-data": "⚪",
};

function sloLine(status: SloStatus, asOfMs: number): string {
  const { slo, sli, state } = status;
  const name = `${SIGNS[state]} ${code(slo.operation)} of ${code(slo.service)}`;
  if (state === "no-data") return `${name}: no data yet`;
  if (state === "absent") {
    const silent =
      status.lastSampleMs === undefined ? "" : ` for ${spanText(asOfMs - status.lastSampleMs)}`;
    return `${name}: *no traffic*${silent}`;
  }
  const worst = status.burnRates.toSorted((a, b) => b.long - a.long)[0];
  const burn = worst === undefined ? "" : `, burn ${quantity(worst.long, "factor")}`;
  return `${name}: ${percent(sli.ratio)} good, objective ${percent(slo.objective)}${burn}`;
}

/** The rules behind the burn rates, once for all that share them. */
function rulesText(statuses: readonly SloStatus[]): string {
  const texts = statuses.map(({ slo }) =>
    slo.rules
      .map(
        (rule) =>
          `${rule.severity} at ${rule.burnRate}× over ${spanText(rule.longMs)} and ${spanText(rule.shortMs)}`,
      )
      .join(", "),
  );
  const unique = [...new Set(texts.filter((text) => text !== ""))];
  return unique.length === 1 ? (unique[0] ?? "") : "";
}

function verdict(answer: StatusAnswer): string {
  const hurt = answer.slos.filter(
    (status) => status.state === "burning" || status.state === "absent",
  );
  if (answer.slos.length === 0)
    return "*No objectives are defined*, so I cannot say what is healthy.";
  if (hurt.length === 0) {
    const known = answer.slos.filter((status) => status.state === "ok").length;
    return known === 0
      ? "*No data yet*: no objective has seen traffic."
      : `*All well*: ${known} of ${answer.slos.length} objectives are met.`;
  }
  return `*${hurt.length} of ${answer.slos.length} objectives ${hurt.length === 1 ? "is" : "are"} hurt.*`;
}

/** Health in a few lines: verdict, each objective, open incidents, the newest change, what is not seen. */
export function statusCard(answer: StatusAnswer): Message {
  const title = verdict(answer);
  const { shown, more } = firstOf(answer.slos, SLOS_SHOWN_MAX);
  const incidents = firstOf(answer.openIncidents, INCIDENTS_SHOWN_MAX);
  const blind = firstOf(answer.blindSpots, BLIND_SPOTS_SHOWN_MAX);
  const lines = [
    ...incidents.shown.map(
      ({ title: name, openedMs }) => `*Open* ${safe(name)}, since ${instant(openedMs)}`,
    ),
    incidents.more,
    answer.latestChange === undefined
      ? ""
      : `*Newest change*\n${changeLine(answer.latestChange, answer.asOfMs)}`,
    labelled(
      "Not seen",
      [...blind.shown.map(safe), blind.more].filter((part) => part !== "").join("; "),
    ),
  ].filter((line) => line !== "");
  const blocks: KnownBlock[] = [
    section(title, ...shown.map((status) => sloLine(status, answer.asOfMs)), more),
    ...(lines.length === 0 ? [] : [section(...lines)]),
    context("Computed, no LLM", `as of ${instant(answer.asOfMs)}`, safe(rulesText(answer.slos))),
  ];
  return { text: fitMarkup(title, FALLBACK_CHARS_MAX), blocks: fitBlocks(blocks) };
}

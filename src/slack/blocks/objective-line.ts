import type { SloReading } from "../deps.ts";
import { code, percent, quantity, spanText } from "./text.ts";

/** How an objective is kept. `recovered`: met now, and missed within what its rules look back on. */
export type Standing = "met" | "recovered" | "missed" | "silent" | "burning" | "absent" | "no-data";

type WindowRead = SloReading["windows"][number];

const isMissed = ({ status }: SloReading, { goodRatio }: WindowRead): boolean =>
  goodRatio !== undefined && goodRatio < status.slo.objective;

/** Now is the shortest window. No request in it is no sign of health. */
export function standingOf(reading: SloReading): Standing {
  const { status, windows } = reading;
  if (status.state !== "ok") return status.state;
  const [now] = windows;
  if (now === undefined || now.goodRatio === undefined) return "silent";
  if (isMissed(reading, now)) return "missed";
  return windows.some((one) => isMissed(reading, one)) ? "recovered" : "met";
}

/** `88 % good in the last 60 s`. */
function windowText({ lengthMs, goodRatio }: WindowRead): string {
  const length = `in the last ${spanText(lengthMs)}`;
  return goodRatio === undefined ? `no requests ${length}` : `${percent(goodRatio)} good ${length}`;
}

/** The longest window in which it was missed. */
export function missedWindow(reading: SloReading): WindowRead | undefined {
  return reading.windows.findLast((one) => isMissed(reading, one));
}

const SIGNS: Readonly<Record<Standing, string>> = {
  met: "🟢",
  recovered: "🟢",
  missed: "🟡",
  silent: "⚪",
  burning: "🔴",
  absent: "🔴",
  "no-data": "⚪",
};

function absentText({ status }: SloReading, asOfMs: number): string {
  const { lastSampleMs } = status;
  const silent = lastSampleMs === undefined ? "" : ` for ${spanText(asOfMs - lastSampleMs)}`;
  return `*no requests*${silent}`;
}

/** What fires is told over the windows that made it fire. */
function burningText({ status, windows }: SloReading): string {
  const firing = status.burnRates.find((burn) => burn.firing);
  const long = windows.find(({ lengthMs }) => lengthMs === firing?.rule.longMs);
  const shown = long === undefined ? `${percent(status.sli.ratio)} good` : windowText(long);
  const burn =
    firing === undefined ? "" : `; the budget burns ${quantity(firing.long, "factor")} too fast`;
  return `${shown}, objective ${percent(status.slo.objective)}${burn}`;
}

function standingText(reading: SloReading, standing: Standing, asOfMs: number): string {
  const { status, windows } = reading;
  const objective = `objective ${percent(status.slo.objective)}`;
  const [now] = windows;
  const missed = missedWindow(reading);
  switch (standing) {
    case "no-data":
      return "no data yet";
    case "absent":
      return absentText(reading, asOfMs);
    case "burning":
      return burningText(reading);
    case "silent":
      return now === undefined ? "no requests" : windowText(now);
    case "met":
      return `${windowText(windows.findLast(({ goodRatio }) => goodRatio !== undefined) ?? { lengthMs: 0 })}, ${objective}`;
    case "recovered":
      return `*recovered*: ${now === undefined ? "" : windowText(now)}; ${missed === undefined ? "" : windowText(missed)}, ${objective}`;
    case "missed":
      return `*missed* and not paging: ${now === undefined ? "" : windowText(now)}, ${objective}`;
  }
}

/** One objective in one line; every share with the time that it is a share of. */
export function objectiveLine(reading: SloReading, asOfMs: number): string {
  const { slo } = reading.status;
  const standing = standingOf(reading);
  return `${SIGNS[standing]} ${code(slo.operation)} of ${code(slo.service)}: ${standingText(reading, standing, asOfMs)}`;
}

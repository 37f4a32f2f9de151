/** How times read on the page; all in the browser's time zone except where a format says otherwise. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function msOf(ts) {
  return Number(ts) * 1000;
}

/** 14:02 */
export function clockTime(ms) {
  return new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** Tuesday, 24 November 2026 at 14:02:07 */
export function fullTime(ms) {
  return new Date(ms).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "medium" });
}

export function dayKey(ms) {
  return new Date(ms).toLocaleDateString("en-CA");
}

/** Today, Yesterday, or the date. */
export function dayName(ms, nowMs) {
  if (dayKey(ms) === dayKey(nowMs)) return "Today";
  if (dayKey(ms) === dayKey(nowMs - DAY)) return "Yesterday";
  return new Date(ms).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
  });
}

function counted(count, unit) {
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}

/** just now, 40 seconds ago, 5 minutes ago, 3 hours ago, 2 days ago */
export function relativeTime(ms, nowMs) {
  const ago = Math.max(0, nowMs - ms);
  if (ago < 10_000) return "just now";
  if (ago < MINUTE) return counted(Math.floor(ago / 1000), "second");
  if (ago < HOUR) return counted(Math.floor(ago / MINUTE), "minute");
  if (ago < DAY) return counted(Math.floor(ago / HOUR), "hour");
  return counted(Math.floor(ago / DAY), "day");
}

const DATE_PARTS = {
  date_num: (at) => at.toLocaleDateString("en-CA"),
  date_short: (at) =>
    at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }),
  date: (at) => at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" }),
  date_long: (at) => at.toLocaleDateString("en-GB", { dateStyle: "full" }),
  time: (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
  time_secs: (at) => at.toLocaleTimeString("en-GB"),
};

/** Slack's `<!date^1700000000^{date_short} {time}|fallback>`; unknown parts stay as they are. */
export function slackDate(seconds, format, nowMs) {
  const at = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (found, name) => {
    if (name === "ago") return relativeTime(at.getTime(), nowMs);
    const plain = name.replace(/_pretty$/, "");
    return DATE_PARTS[plain]?.(at) ?? found;
  });
}

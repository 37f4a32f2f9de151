const UNIT_MINUTES: Readonly<Record<string, number>> = { s: 1 / 60, m: 1, h: 60, d: 1_440 };
const MINUTES_MAX = 1_440;
const DAY_MINUTES = 1_440;

const CLOCK = /\b([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\s*utc)?\b/i;
const ISO = /\b\d{4}-\d\d-\d\dt\d\d:\d\d(?::\d\d)?z?/i;
const AGO =
  /\b(\d{1,4}|an?|one|two|ten|half an)\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?)\s+ago\b/i;
const SPAN =
  /\b(?:last|past|--since|since|within)\s+(?:the\s+)?(?:last\s+)?(\d{1,4}|half an|an?)?\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?)\b/i;
const NUMBERS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  ten: 10,
  a: 1,
  an: 1,
  "half an": 0.5,
};

const amount = (text: string | undefined): number => {
  const word = (text ?? "a").toLowerCase();
  return NUMBERS[word] ?? Number(word);
};

const minutes = (count: string | undefined, unit: string | undefined): number =>
  amount(count) * (UNIT_MINUTES[(unit ?? "m").slice(0, 1).toLowerCase()] ?? 1);

/** The past instant that a text names, as tools read it: `14:02`, an ISO time, `10 m ago`. */
export function instantIn(text: string): string | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) return iso[0].toUpperCase();
  const clock = CLOCK.exec(text);
  if (clock !== null) return clock[0].replace(/\s*utc/i, "");
  const ago = AGO.exec(text);
  if (ago === null) return undefined;
  return `${Math.max(1, Math.round(minutes(ago[1], ago[2])))} m ago`;
}

/** How far back a text asks: "in the last hour", "--since 30m", "since 14:02"; undefined: it does not say. */
export function minutesIn(text: string, now: string): number | undefined {
  const since = /\bsince\s+(.*)$/i.exec(text)?.[1];
  const clock = since === undefined ? null : CLOCK.exec(since);
  if (clock !== null) return minutesSince(clock, now);
  const span = SPAN.exec(text);
  if (span === null) return undefined;
  return Math.min(MINUTES_MAX, Math.max(1, Math.round(minutes(span[1], span[2]))));
}

function minutesSince(clock: RegExpExecArray, now: string): number {
  const nowMs = Date.parse(now);
  const today = (nowMs / 60_000) % DAY_MINUTES;
  const then = Number(clock[1]) * 60 + Number(clock[2]);
  const back = today - then;
  return Math.max(1, Math.ceil(back < 0 ? back + DAY_MINUTES : back));
}

/** Words by which operators' texts say that something is wrong, and that it is well again. */
const BAD =
  /\b(?:fail\w*|error\w*|fatal|panic\w*|crash\w*|kill\w*|oom\w*|out of memory|evict\w*|refus\w*|reject\w*|denied|unauthori[sz]ed|forbidden|timed? ?out|timeout\w*|unreachable|unavailable|unhealthy|not ?ready|not found|enotfound|unable|cannot|could not|exhaust\w*|exceed\w*|full|insufficient|no space|blocked|deadlock\w*|corrupt\w*|invalid|expired|mismatch\w*|missing|backoff|back-off|stuck|stalled|lag\w*|throttl\w*|degraded|saturat\w*|overload\w*|pressure|dropped|lost|disconnect\w*|exception\w*|abort\w*|conflict\w*|pending|approaching|behind|stale|alert)\b/gi;
const WELL =
  /\b(?:recover\w*|resolved|healthy|ok|normal\w*|success\w*|completed?|cleanly|stable|within|operational|zero errors|no further|restored|passed|cleared|self-heal\w*|transient\w*|is available|now running|started|ready|subsequently)\b/gi;

const countOf = (text: string, words: RegExp): number => text.match(words)?.length ?? 0;

/**
 * How much a text complains, 0 to 1; below 0 it reports that things are well. Severity is OTLP's number. A lexicon, so
 * it knows nothing of the system; numbers decide wherever there are any.
 */
export function grievanceOf(text: string, severity: number): number {
  const bad = countOf(text, BAD);
  const well = countOf(text, WELL);
  const told = severity >= 17 ? 0.45 : severity >= 13 ? 0.3 : severity >= 9 ? 0 : 0.1;
  const said = Math.min(0.55, 0.2 * bad) - Math.min(0.75, 0.3 * well);
  return Math.max(-0.5, Math.min(1, told + said));
}

const TOKEN = /[A-Za-z\d][\w.:/-]*[\w]/g;
/** Limit: words read of one text. */
const TOKENS_MAX = 400;

/** Words of a text that may be names, without quotes and closing marks. */
export function namesIn(text: string): readonly string[] {
  return [...(text.match(TOKEN) ?? [])].slice(0, TOKENS_MAX);
}

const TARGET =
  /(?:ENOTFOUND|getaddrinfo \w+|resolve(?: host)?|lookup(?: of)?|connect(?:ion)? (?:to|refused:?)|dial tcp|calling|call to|reach|from upstream|host)\s+["']?([A-Za-z][\w-]*(?:\.[\w-]+){2,})/gi;

/** Addresses that a text says cannot be reached or found. */
export function targetsIn(text: string): readonly string[] {
  return Array.from(text.matchAll(TARGET), (match) => match[1] ?? "").filter((one) => one !== "");
}

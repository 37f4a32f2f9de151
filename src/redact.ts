/**
 * Takes secrets and hidden characters out of text before it leaves the process (LLM, Slack, log, audit). Pure, and
 * linear in the input: every pattern opens on a literal or at the start of its own run of characters, and what follows
 * is either bounded or consumed, so that no input makes the engine read the same text over and over.
 */

/** Limit: characters examined; what is beyond is cut off, because unexamined text must not pass. */
export const REDACT_CHARS_MAX = 262_144;

const CUT_MARK = "⟨cut⟩";

interface Rule {
  readonly kind: string;
  readonly pattern: RegExp;
  /** What stands in for the match; the mark alone when absent. */
  readonly replace?: (mark: string, groups: readonly (string | undefined)[]) => string | undefined;
}

/** Words that stand where a secret would, and are none. */
const PLAIN_WORDS = new Set(
  (
    "true false null none nil undefined missing invalid expired empty required rotated revoked unset unknown denied " +
    "failed ok valid string hidden masked redacted changed incorrect wrong mismatch authentication authorization " +
    "not-found not_found disabled enabled reset"
  ).split(" "),
);

/** Mixed enough that a person did not write it as a word: a digit beside letters, padding, or case that changes inside. */
function looksRandom(value: string): boolean {
  if (value.length < 8) return false;
  return (/\d/.test(value) && /[A-Za-z]/.test(value)) || /=$|[a-z][A-Z]/.test(value);
}

function isPlain(value: string): boolean {
  return PLAIN_WORDS.has(value.toLowerCase()) || /^[*.x•-]+$/i.test(value);
}

const SECRET_KEYS =
  "(?:secret|private|signing|encryption|master|account|shared|access|auth|api|routing|integration|license|app)" +
  "[_.-]?key|key[_-]?secret|secret[_-]?access[_-]?key|(?:client|app|api|auth|webhook|signing|shared)[_.-]?secret|" +
  "secret|token|credentials?|bearer|sig(?:nature)?";
const PASSWORD_KEYS = "pass(?:word|wd|phrase|code)|pwd|passwd";
/** The sign between key and value, also inside JSON that was escaped into a string. */
const SIGN = String.raw`\\{0,3}["']?\s{0,3}(?:=>|[:=])\s{0,3}\\{0,3}`;

function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    let digit = digits.charCodeAt(digits.length - 1 - index) - 48;
    if (index % 2 === 1) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Issuer ranges and lengths of the card networks; keeps epoch times (they begin with 1) and most counters out. */
const CARD =
  /^(?:4\d{15}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17})$/;

const keepValue =
  (isSecret: (value: string, lead: string) => boolean) =>
  (mark: string, [lead = "", value = ""]: readonly (string | undefined)[]): string | undefined =>
    isSecret(value, lead) ? `${lead}${mark}` : undefined;

const isPassword = (value: string): boolean => value.length >= 3 && !isPlain(value);
const isKeyedSecret = (value: string, lead: string): boolean => {
  if (value.length < 6 || isPlain(value) || /^\d{1,12}$/.test(value)) return false;
  // `secret: default/db not found` is prose; `secret=…` and `"secret":"…"` are not.
  return /["'=]/.test(lead) || looksRandom(value);
};

const RULES: readonly Rule[] = [
  {
    kind: "private-key",
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:(?!-----)[\s\S]){0,16384}-----END [A-Z0-9 ]{0,50}-----|[A-Za-z0-9+/=\s\\]{0,16384})/g,
  },
  {
    kind: "url-userinfo",
    pattern:
      /((?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/)(?:[^\s/?#@:"'<>⟨]{0,128}:[^\s/?#"'<>⟨]{1,256}|[^\s/?#@:"'<>⟨]{20,256})@/g,
    replace: (mark, [scheme]) => `${scheme}${mark}@`,
  },
  {
    kind: "authorization",
    pattern: new RegExp(
      String.raw`(authorization${SIGN}["']?)((?:bearer|basic|digest|token|negotiate|apikey|aws4-hmac-sha256)\s{1,4})?([^\s"'\\⟨,]{4,})`,
      "gi",
    ),
    replace: (mark, [lead, scheme, value = ""]) =>
      scheme !== undefined || looksRandom(value) ? `${lead}${scheme ?? ""}${mark}` : undefined,
  },
  {
    kind: "authorization",
    pattern: /(\b(?:bearer|basic)\s{1,4})([A-Za-z0-9._~+/-]{8,}={0,2})/gi,
    replace: keepValue((value) => looksRandom(value) || (value.length >= 24 && !isPlain(value))),
  },
  {
    kind: "cookie",
    pattern: new RegExp(
      String.raw`(cookie${SIGN}["']?)([^\s"'=;,⟨]{1,128}=[^\s;"']*(?:;\s{0,2}[^\s"'=;,]{1,128}(?:=[^\s;"']*)?)*)`,
      "gi",
    ),
    replace: (mark, [lead]) => `${lead}${mark}`,
  },
  {
    kind: "slack-webhook",
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_+-]{16,}/g,
  },
  {
    kind: "slack-token",
    pattern: /(?<![A-Za-z0-9])(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,}/g,
  },
  {
    kind: "aws-key",
    pattern: /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])/g,
  },
  {
    kind: "github-token",
    pattern: /(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  },
  { kind: "gitlab-token", pattern: /(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}/g },
  { kind: "npm-token", pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g },
  {
    kind: "stripe-key",
    pattern: /(?<![A-Za-z0-9])(?:(?:sk|rk|pk)_(?:live|test|prod)_|whsec_)[A-Za-z0-9+/=]{10,}/g,
  },
  {
    kind: "llm-key",
    pattern:
      /(?<![A-Za-z0-9])sk-(?:ant-[A-Za-z0-9_-]{10,}|proj-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{32,})/g,
  },
  {
    kind: "gcp-key",
    pattern: /(?<![A-Za-z0-9_-])(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,})/g,
  },
  {
    kind: "pagerduty-token",
    pattern: /(?<![A-Za-z0-9+_-])u\+[A-Za-z0-9_+-]{18}(?![A-Za-z0-9_+-])/g,
  },
  {
    // Signed tokens, Kubernetes service-account tokens among them: the header is JSON, the body need not be.
    kind: "jwt",
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
  },
  {
    kind: "password",
    pattern: new RegExp(String.raw`((?:${PASSWORD_KEYS})${SIGN}["'])([^"'\\\r\n⟨]+)`, "gi"),
    replace: keepValue(isPassword),
  },
  {
    kind: "password",
    pattern: new RegExp(
      String.raw`((?:${PASSWORD_KEYS})${SIGN}|--(?:${PASSWORD_KEYS})\s|(?:\bpassword|\bidentified by)\s{1,4}["'])([^\s"'&;,)\]}<>\\⟨]+)`,
      "gi",
    ),
    replace: keepValue(isPassword),
  },
  {
    kind: "secret",
    pattern: new RegExp(
      String.raw`((?:${SECRET_KEYS})${SIGN}["']?|--(?:${SECRET_KEYS})\s)([^\s"'&;,)\]}<>\\⟨]+)`,
      "gi",
    ),
    replace: keepValue(isKeyedSecret),
  },
  {
    kind: "email",
    pattern:
      /(?<![A-Za-z0-9._%+-]|:\/\/)[A-Za-z0-9._%+-]{1,64}@(?=[A-Za-z0-9-]{0,62}[A-Za-z])[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2,24}(?![A-Za-z0-9-])/g,
  },
  {
    kind: "card",
    pattern:
      /(?<![\w-]|\d\.)(?:\d{14,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5})(?!\w|\.\d)/g,
  },
];

/** Cheap first look: text with none of these holds no secret that a rule knows. */
const SUSPICIOUS =
  /-----BEGIN|:\/\/|authorization|bearer|basic|cookie|xox|xapp-|A[KSBC][IC]A|gh[pousr]_|github_pat|hooks\.slack|glpat-|npm_|[sr]k[_-]|pk_|whsec_|AIza|ya29\.|u\+|eyJ|pass|pwd|identified by|key|secret|token|credential|sig|@|\d{4}[ -]?\d{4}/i;

function applyRule(text: string, rule: Rule): string {
  const mark = `⟨${rule.kind}⟩`;
  return text.replace(rule.pattern, (match: string, ...rest: unknown[]) => {
    if (rule.kind === "card") {
      const digits = match.replace(/[ -]/g, "");
      return CARD.test(digits) && luhn(digits) ? mark : match;
    }
    if (rule.replace === undefined) return mark;
    const groups = rest.map((part) => (typeof part === "string" ? part : undefined));
    return rule.replace(mark, groups) ?? match;
  });
}

/** Replaces every known secret shape by a `⟨kind⟩` mark. Contract: idempotent; text without secrets comes back unchanged. */
export function redact(text: string): string {
  const head = text.length > REDACT_CHARS_MAX ? text.slice(0, REDACT_CHARS_MAX) : text;
  const clean = SUSPICIOUS.test(head) ? RULES.reduce(applyRule, head) : head;
  return head === text ? clean : `${clean}${CUT_MARK}`;
}

/** Terminal escapes: CSI, OSC (titles, links), and the short forms. Limit: an OSC text of 4096 characters. */
const ANSI =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes are made of control characters.
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\u001b[ -/]{0,4}[0-~]/g;
/** Control, format (bidi, zero-width, tags), variation selectors, fillers, private use, unassigned line breaks. */
const INVISIBLE =
  /(?![\n\t])(?:[\p{Cc}\p{Cf}\p{Co}\u115f\u1160\u2028\u2029\u3164\uffa0]|\p{Variation_Selector}|\u034f|\u17b4|\u17b5)/gu;

/**
 * Untrusted text made fit to be shown: NFKC, no control, bidi, zero-width or tag characters, no terminal escapes, lone
 * surrogates replaced. Newline and tab stay. Longer than `maxChars` ends in "…" and never in half a character.
 */
export function cleanText(text: string, maxChars: number): string {
  // Invisible characters must not push the visible ones out, yet the work is bounded by what may come out.
  const head = text.slice(0, maxChars * 8 + 4096);
  const clean = head
    .replace(/\r\n?/g, "\n")
    .replace(ANSI, "")
    .toWellFormed()
    .replace(INVISIBLE, "")
    .normalize("NFKC")
    .replace(INVISIBLE, "");
  if (clean.length <= maxChars && head.length === text.length) return clean;
  if (maxChars < 1) return "";
  const cut = clean.slice(0, maxChars - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${isHalf ? cut.slice(0, -1) : cut}…`;
}

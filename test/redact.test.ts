import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanText, REDACT_CHARS_MAX, redact } from "../src/redact.ts";

/** Mulberry32: the examples are the same in every run, and no real-looking key is stored in the repository. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
const ALNUM = `${UPPER}${UPPER.toLowerCase()}${DIGITS}`;
type Draw = (count: number, alphabet?: string) => string;

const drawer = (seed: number): Draw => {
  const random = seeded(seed);
  return (count, alphabet = ALNUM) =>
    Array.from({ length: count }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
};

function cardNumber(draw: Draw): string {
  const body = `4${draw(14, DIGITS)}`;
  for (let check = 0; check < 10; check++) {
    const digits = `${body}${check}`;
    let sum = 0;
    for (let index = 0; index < 16; index++) {
      const digit = Number(digits[15 - index]) * (index % 2 === 1 ? 2 : 1);
      sum += digit > 9 ? digit - 9 : digit;
    }
    if (sum % 10 === 0) return digits;
  }
  return body;
}

/** Each gives the whole text and the part of it that must not survive. */
const KINDS: Readonly<Record<string, (draw: Draw) => readonly [text: string, secret: string]>> = {
  "aws-key": (draw) => plain(`AKIA${draw(16, UPPER + DIGITS)}`),
  "slack bot token": (draw) => plain(`xoxb-${draw(12, DIGITS)}-${draw(12, DIGITS)}-${draw(24)}`),
  "slack app token": (draw) =>
    plain(`xapp-1-A${draw(10, UPPER + DIGITS)}-${draw(12, DIGITS)}-${draw(40)}`),
  "slack webhook": (draw) => {
    const path = `T${draw(8, UPPER)}/B${draw(8, UPPER)}/${draw(24)}`;
    return [`https://hooks.slack.com/services/${path}`, path];
  },
  "github pat": (draw) => plain(`ghp_${draw(36)}`),
  "github fine-grained": (draw) => plain(`github_pat_${draw(22)}_${draw(59)}`),
  stripe: (draw) => plain(`sk_live_${draw(24)}`),
  anthropic: (draw) => plain(`sk-ant-api03-${draw(93)}AA`),
  jwt: (draw) => plain(`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx${draw(20)}.${draw(43)}`),
  "k8s service account": (draw) =>
    plain(`eyJhbGciOiJSUzI1NiIsImtpZCI6${draw(40)}.${draw(400)}.${draw(342)}`),
  pem: (draw) => {
    const body = Array.from({ length: 6 }, () => draw(64)).join("\n");
    return [`-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`, body];
  },
  "pem cut short": (draw) => {
    const body = draw(64);
    return [`-----BEGIN PRIVATE KEY-----\\n${body}`, body];
  },
  "postgres url": (draw) => {
    const secret = draw(14);
    return [`postgres://shop:${secret}@db.shop.svc:5432/cart`, secret];
  },
  "https userinfo": (draw) => {
    const secret = draw(14);
    return [`https://deploy:${secret}@registry.shop.svc/v2/`, secret];
  },
  "authorization bearer": (draw) => keyed("Authorization: Bearer ", draw(40)),
  "authorization basic": (draw) => keyed("authorization: Basic ", `${draw(22)}==`),
  "bearer alone": (draw) => keyed("sent bearer ", `${draw(15)}7${draw(16)}`),
  cookie: (draw) => keyed("Cookie: session=", draw(32)),
  "set-cookie": (draw) => keyed("set-cookie: theme=dark; sid=", draw(32)),
  "pagerduty token": (draw) => plain(`u+${draw(18)}`),
  "gcp key": (draw) => plain(`AIza${draw(35)}`),
  "api_key=": (draw) => keyed("api_key=", draw(32)),
  "x-api-key header": (draw) => keyed("x-api-key: ", `${draw(15)}3a${draw(15)}`),
  "client secret in JSON": (draw) => keyed('{"client_secret":"', draw(32)),
  "escaped JSON": (draw) => keyed('{\\"access_token\\":\\"', draw(32)),
  "token in a query": (draw) => keyed("GET /hook?token=", draw(20)),
  "aws secret": (draw) => keyed("AWS_SECRET_ACCESS_KEY=", draw(40)),
  "password=": (draw) => keyed("password=", draw(10)),
  "password: word": (draw) => keyed("password: ", draw(10)),
  "password in JSON with spaces": (draw) => keyed('"password": "', `${draw(5)} ${draw(5)}`),
  "--password flag": (draw) => keyed("mysql --password ", draw(12)),
  "sql password": (draw) => keyed("ALTER USER shop WITH PASSWORD '", draw(12)),
  email: (draw) => plain(`${draw(6, UPPER.toLowerCase())}.ops@shop-mail.example`),
  card: (draw) => plain(cardNumber(draw)),
  "card in groups": (draw) => plain(cardNumber(draw).replace(/(\d{4})(?=\d)/g, "$1 ")),
};

function plain(secret: string): readonly [string, string] {
  return [secret, secret];
}
function keyed(lead: string, secret: string): readonly [string, string] {
  return [`${lead}${secret}`, secret];
}

const CARRIERS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `2026-11-24T15:16:44Z ERROR checkout ${text} after 3 tries`,
  (text) => `request failed (${text})`,
  (text) => `first line\n${text}\nlast line`,
];

describe("redact", () => {
  test.each(Object.keys(KINDS))("takes out: %s", (kind) => {
    for (let seed = 1; seed <= 50; seed++) {
      const [text, secret] = KINDS[kind]?.(drawer(seed)) ?? ["", ""];
      for (const carry of CARRIERS) {
        const clean = redact(carry(text));
        expect(clean).not.toContain(secret);
        expect(clean).toMatch(/⟨[a-z-]+⟩/);
        expect(redact(clean)).toBe(clean);
      }
    }
  });
});

describe("redact leaves the rest alone", () => {
  test("leaves what surrounds a secret", () => {
    expect(redact("user=7 password=hunter2&x=1 took 31 ms")).toBe(
      "user=7 password=⟨password⟩&x=1 took 31 ms",
    );
    expect(redact("dial postgres://shop:pa@ss@db:5432/cart: refused")).toBe(
      "dial postgres://⟨url-userinfo⟩@db:5432/cart: refused",
    );
    expect(redact("Authorization: Bearer abc.def")).toBe("Authorization: Bearer ⟨authorization⟩");
  });

  test.each([
    "2026-11-24T15:16:44.123Z INFO gateway GET /api/v1/cart/12345 200 31ms trace=4bf92f3577b34da6a3ce929d0e0e4736",
    "upstream timeout after 5000 ms calling http://cart.shop.svc:8080/items?limit=20",
    "connect ECONNREFUSED 10.2.3.4:5432",
    "max_tokens=4096 token_count=12 tokens: 88",
    "token: invalid signature",
    "secret: default/db-creds not found",
    "password: expired for user 7",
    "basic authentication failed; bearer authentication required",
    "cookie: disabled",
    "authorization: denied by policy",
    "primary key=17 partition_key=eu-west-1",
    "image registry.shop.svc/cart@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "installed left-pad@1.3.0 and react@18.2.0-rc.next",
    "git clone ssh://git@code.shop.svc/cart",
    "start=1732461404123 startUs=1732461404123456 startNs=1732461404123456789",
    "SELECT id, total FROM orders WHERE customer = $1 ORDER BY created_at DESC LIMIT 20",
    "pool exhausted: 20 of 20 connections used, 41 waiting",
    "kafka lag 4111111111111112 bytes",
    "deploy checkout 1.42.0 -> 1.43.0 by ci",
    "u+0041 LATIN CAPITAL LETTER A",
    "risk-adjusted task-sk-list, ask-",
  ])("leaves a benign line unchanged: %s", (line) => {
    expect(redact(line)).toBe(line);
  });
});

describe("redact on hostile input", () => {
  test("is linear on hostile input and cuts what it did not examine", () => {
    const seeds = [
      "eyJ-",
      "eyJ.",
      "eyJaaaaaaaaaa.",
      "-----BEGIN PRIVATE KEY-----",
      "-----",
      "a://",
      "a://b:c",
      "x@",
      "a@a.",
      "@a.a",
      "password=",
      "password='",
      "secret",
      "cookie: a=;",
      "cookie: a=b;c",
      "1234 ",
      "1234-",
      "4",
      "authorization: ",
      "bearer ",
      "xoxb-",
      "AKIA",
      "u+",
      "token=\\\\",
      "a.",
      "a",
      "\\",
      " ",
      "pwdpass",
      "basic  ",
      "sk-",
      "identified by ",
    ];
    for (const part of seeds) {
      for (const tail of ["", "@", "!", "\n"]) {
        const text = part.repeat(Math.ceil(REDACT_CHARS_MAX / part.length)) + tail;
        const startedMs = performance.now();
        redact(text);
        expect(performance.now() - startedMs, part).toBeLessThan(1_500);
      }
    }
    const long = redact(`${"a ".repeat(REDACT_CHARS_MAX)}password=hunter2`);
    expect(long.endsWith("⟨cut⟩")).toBe(true);
    expect(long.length).toBe(REDACT_CHARS_MAX + "⟨cut⟩".length);
  });

  test("never throws, and running it twice changes nothing more", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const clean = redact(text);
        expect(redact(clean)).toBe(clean);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });
});

describe("cleanText", () => {
  test("strips escapes, bidi, zero-width and tag characters and normalises", () => {
    expect(
      cleanText("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007", 99),
    ).toBe("red link");
    expect(cleanText("a\u202eb\u200bc\u2066d\ufeff\u{e0041}\u{e0042}\ufe0f\u0000e", 99)).toBe(
      "abcde",
    );
    expect(cleanText("ｆｕｌｌ ﬁ", 99)).toBe("full fi");
    expect(cleanText("one\r\ntwo\tthree\rfour", 99)).toBe("one\ntwo\tthree\nfour");
    expect(cleanText("lone \ud800 half", 99)).toBe("lone \ufffd half");
  });

  test("caps the length without cutting a character in half", () => {
    expect(cleanText("abcdef", 4)).toBe("abc…");
    expect(cleanText("abcd", 4)).toBe("abcd");
    expect(cleanText("ab🚀cd", 4)).toBe("ab…");
    expect(cleanText("abc", 0)).toBe("");
    expect(cleanText("\ufdfa".repeat(1_000_000), 50)).toHaveLength(50);
  });

  test("always keeps its bound and leaves nothing invisible", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.nat(100), (text, maxChars) => {
        const clean = cleanText(text, maxChars);
        expect(clean.length).toBeLessThanOrEqual(maxChars);
        expect(clean).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}]/u);
        expect(clean.isWellFormed()).toBe(true);
      }),
      { seed: 11, numRuns: 2_000 },
    );
  });
});

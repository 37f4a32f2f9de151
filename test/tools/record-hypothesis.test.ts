import { expect, test } from "vitest";
import type { EvidenceDraft } from "../../tools/define-tool.ts";
import { recordHypothesis } from "../../tools/record-hypothesis.ts";
import { answered, refused } from "./lawful.ts";
import { contextOf, sharedShop } from "./tool-world.ts";

const EVIDENCE: EvidenceDraft = {
  kind: "cause",
  about: "catalog",
  text: "catalog became slower",
  values: { p95Ms: { value: 240, unit: "ms" } },
};
const evidence = (id: string): EvidenceDraft | undefined =>
  id === "e1" || id === "e2" ? EVIDENCE : undefined;

const LEADING = {
  title: "catalog 1.1.0 became slower",
  stance: "leading",
  evidenceFor: ["e1", "{{e2.p95Ms}}", "e1.p95Ms"],
};

test("records a hypothesis under the call's key, with bare ids", async () => {
  const context = contextOf(sharedShop(), { evidence });
  const { data } = await answered(context, recordHypothesis, LEADING);
  expect(data).toMatchObject({ recorded: LEADING.title, evidenceFor: ["e1", "e2"] });
  expect(context.written.hypotheses).toEqual([
    {
      hypothesis: {
        title: LEADING.title,
        stance: "leading",
        evidenceFor: ["e1", "e2"],
        evidenceAgainst: [],
      },
      key: "turn-1/call-1",
    },
  ]);
});

test("needs evidence for the leading one, and against the others", async () => {
  const context = contextOf(sharedShop(), { evidence });
  const code = async (input: object) =>
    (await refused(context, recordHypothesis, { ...LEADING, ...input })).code;
  expect(await code({ evidenceFor: [] })).toBe("evidence_missing");
  expect(await code({ stance: "ruled-out" })).toBe("evidence_missing");
  expect(await code({ evidenceFor: ["e1", "e9"] })).toBe("evidence_unknown");
  expect(await code({ evidenceAgainst: ["made-up"] })).toBe("evidence_unknown");
  expect(context.written.hypotheses).toEqual([]);
});

test("has its words vouched for, and records what was rendered", async () => {
  const heard: unknown[] = [];
  const vouch = (text: string, ids: readonly string[]) => {
    heard.push([text, ids]);
    return text.includes("999")
      ? { ok: false as const, problems: ["999 is in no evidence"] }
      : { ok: true as const, text: text.replace("{{e1.p95Ms}}", "240 ms") };
  };
  const context = contextOf(sharedShop(), { evidence, vouch });
  const title = "catalog takes {{e1.p95Ms}}";
  const { data } = await answered(context, recordHypothesis, { ...LEADING, title });
  expect(data.recorded).toBe("catalog takes 240 ms");
  expect(heard).toEqual([[title, ["e1", "e2"]]]);
  const refusal = await refused(context, recordHypothesis, {
    ...LEADING,
    title: "it takes 999 ms",
  });
  expect(refusal.code).toBe("claim_unsupported");
  expect(refusal.message).toContain("999 is in no evidence");
  expect(context.written.hypotheses).toHaveLength(1);
});

test("belongs to an incident", async () => {
  const { incidentId: _, ...alone } = contextOf(sharedShop(), { evidence });
  expect((await refused(alone, recordHypothesis, LEADING)).code).toBe("no_incident");
});

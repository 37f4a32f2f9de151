import { expect, test } from "vitest";
import { OperationError } from "../../src/errors.ts";
import { type Action, actionHash } from "../../src/incident/action.ts";
import type { ProposalDraft } from "../../src/incident/contract.ts";
import { PROPOSALS_MAX, PROPOSALS_OPEN_MAX } from "../../src/incident/proposing.ts";
import type { Store } from "../../src/store/store.ts";
import { prediction } from "../slack/samples.ts";
import {
  ALICE,
  draftOf,
  FLAG_OFF,
  lifeOn,
  modelOf,
  openDesk,
  RESTART,
  ROLLBACK,
  SCALE,
} from "./proposal-record.ts";
import { NOW_MS } from "./shop.ts";

test("a proposal is bound to its action, registers its prediction, and is listed in its incident", async () => {
  const { made, proposals, incidents, incidentId, meter } = await openDesk();
  const proposal = await made();
  expect(proposal).toMatchObject({
    incidentId,
    action: ROLLBACK,
    preconditions: { facts: { "version:catalog": "1.1.0" } },
    sloId: "checkout",
    evidenceIds: ["e1"],
    madeMs: NOW_MS,
    expiresMs: NOW_MS + 12 * 60_000,
    executable: true,
  });
  expect(proposal.actionHash).toBe(actionHash(ROLLBACK, proposal.preconditions));
  expect(proposal.prediction.interventions).toEqual([
    { type: "rollback", entity: "catalog", to_version: "1.0.0" },
  ]);
  expect((await incidents.read(incidentId))?.proposalIds).toEqual([proposal.id]);
  expect(await proposals.list(incidentId)).toEqual([{ proposal, state: "open" }]);
  expect(meter.get("orrery_proposals_total", { type: "rollback" })).toBe(1);
});

test.each<readonly [string, Partial<ProposalDraft>, string]>([
  ["without evidence", { evidenceIds: [] }, "evidence_missing"],
  ["on log text alone", { evidenceKinds: ["log"] }, "evidence_weak"],
  [
    "on logs, traces and series alone",
    { evidenceKinds: ["log", "trace", "series"] },
    "evidence_weak",
  ],
  ["on evidence of no kind", { evidenceKinds: [] }, "evidence_weak"],
  [
    "on more evidence than anybody reads",
    { evidenceIds: Array(31).fill("e1") },
    "evidence_excessive",
  ],
  ["in no incident", { incidentId: "i-none" }, "incident_unknown"],
  [
    "of what is not observed",
    { action: { type: "rollback", service: "catalog", toVersion: "6.6.6" } },
    "version_unknown",
  ],
])("refuses a proposal %s, and counts it", async (_name, over, code) => {
  const { propose, proposals, meter } = await openDesk();
  expect(await propose(over)).toMatchObject({ ok: false, code });
  expect(await proposals.list()).toEqual([]);
  expect(meter.get("orrery_proposals_refused_total", { code })).toBe(1);
});

test.each(["cause", "change", "topology", "service", "edge", "slo", "prediction"])(
  "evidence of kind %s carries a proposal, also beside log text",
  async (kind) => {
    const { propose } = await openDesk();
    expect(await propose({ evidenceKinds: ["log", kind] })).toMatchObject({ ok: true });
  },
);

test.each<readonly [string, string[], Parameters<typeof prediction>[0], string | undefined]>([
  ["grade D on a cause", ["cause"], { grade: "D", slis: [] }, undefined],
  ["grade D on topology", ["topology"], { grade: "D", slis: [] }, undefined],
  ["grade D on an objective", ["slo", "edge"], { grade: "D", slis: [] }, "effect_unknown"],
  [
    "no effect",
    ["cause"],
    { slis: prediction().slis.map((sli) => ({ ...sli, after: sli.noAction })) },
    "no_effect",
  ],
  [
    "makes it worse",
    ["cause"],
    {
      slis: prediction().slis.map((sli) => ({
        ...sli,
        after: { median: 9e3, low: 8e3, high: 1e4 },
      })),
    },
    "no_effect",
  ],
  [
    "saturates all the same",
    ["cause"],
    { slis: prediction().slis.map((sli) => ({ ...sli, verdict: "saturates" as const })) },
    "no_effect",
  ],
])("a prediction decides: %s", async (_name, evidenceKinds, over, code) => {
  const { proposals, incidentId } = await openDesk();
  const model = modelOf(undefined, prediction(over));
  const answer = await proposals.propose(draftOf(incidentId, { evidenceKinds }), model, NOW_MS);
  expect(answer).toMatchObject(code === undefined ? { ok: true } : { ok: false, code });
});

test("when the effect cannot be computed, nothing is proposed", async () => {
  const { proposals, incidentId } = await openDesk();
  const model = {
    ...modelOf(),
    predict: () => Promise.reject(new OperationError("worker_gone", "the worker stopped")),
  };
  const answer = await proposals.propose(draftOf(incidentId), model, NOW_MS);
  expect(answer).toMatchObject({ code: "prediction_unavailable" });
});

test("the model's words are kept without secrets and hidden characters", async () => {
  const { made } = await openDesk();
  const { reason } = await made({
    reason: `because\u202e AKIAIOSFODNN7EXAMPLE ${"x".repeat(9_000)}`,
  });
  expect(reason).not.toMatch(/AKIAIOSFODNN7EXAMPLE|\u202e/);
  expect(reason.length).toBeLessThanOrEqual(2_001);
});

test("without a living executor of that action a proposal is for a person's hands", async () => {
  const none = await openDesk({ executor: ["scale"] });
  expect((await none.made()).executable).toBe(false);
  const late = await openDesk();
  expect((await late.made({}, NOW_MS + 10_000)).executable).toBe(false);
});

test("the same key gives the same proposal, also in the next life and after it has ended", async () => {
  const { made, proposals, store, incidentId } = await openDesk();
  const first = await made({ key: "turn-1/call-3" });
  await proposals.reject(first.id, ALICE, NOW_MS);
  const again = await lifeOn(store).proposals.propose(
    draftOf(incidentId, { key: "turn-1/call-3", action: SCALE }),
    modelOf(),
    NOW_MS + 1,
  );
  expect(again).toEqual({ ok: true, data: first });
});

test("a like action that waits is given back, and its key stands for it ever after", async () => {
  const { made, proposals } = await openDesk();
  const first = await made({ key: "a" });
  expect(await made({ key: "b" })).toEqual(first);
  await proposals.reject(first.id, ALICE, NOW_MS);
  expect(await made({ key: "b" })).toEqual(first);
  expect((await made({ key: "c" })).id).not.toBe(first.id);
});

test("what was just done is not proposed again before its outcome is known", async () => {
  const { made, propose, store, proposals } = await openDesk();
  const { id, actionHash: hash } = await made({ action: RESTART });
  await proposals.approve({ proposalId: id, by: ALICE, actionHash: hash }, modelOf(), NOW_MS);
  const at = (type: string, body: object) => ({ type, atMs: NOW_MS, body });
  await store.append(`proposal/${id}`, 2, [
    at("action-started", { executor: "x" }),
    at("action-done", { detail: "", finishedMs: NOW_MS }),
  ]);
  expect(await propose({ action: RESTART })).toMatchObject({ code: "being_verified" });
  await proposals.recordOutcome(
    id,
    { settledMs: NOW_MS, verdict: "outside", observed: [], note: "" },
    NOW_MS,
  );
  expect(await propose({ action: RESTART })).toMatchObject({ ok: true });
});

const MANY: readonly Action[] = [
  ROLLBACK,
  FLAG_OFF,
  ...[1, 3, 4, 5, 6, 7, 8].map((replicas): Action => ({ ...SCALE, replicas }) as Action),
];

test("only so many proposals wait at once, and only so many are made in one incident", async () => {
  const { propose, proposals, made } = await openDesk();
  for (const action of MANY.slice(0, PROPOSALS_OPEN_MAX)) await made({ action });
  expect(await propose({ action: MANY[PROPOSALS_OPEN_MAX] })).toMatchObject({
    code: "open_excessive",
  });
  let count = PROPOSALS_OPEN_MAX;
  for (; count < PROPOSALS_MAX; count += 1) {
    const open = (await proposals.list()).find(({ state }) => state === "open");
    await proposals.reject(open?.proposal.id ?? "", ALICE, NOW_MS);
    await made({ action: MANY[count] });
  }
  expect(await propose({ action: MANY[PROPOSALS_MAX] })).toMatchObject({ code: "budget_spent" });
});

test("proposals made at once cannot overdraw the budget", async () => {
  const { propose, proposals } = await openDesk();
  const answers = await Promise.all(MANY.map((action) => propose({ action })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(PROPOSALS_OPEN_MAX);
  expect(await proposals.list()).toHaveLength(PROPOSALS_OPEN_MAX);
});

test("nothing is proposed in a resolved incident", async () => {
  const { propose, incidents, incidentId } = await openDesk();
  await incidents.resolve(incidentId, ALICE, NOW_MS);
  expect(await propose()).toMatchObject({ code: "incident_resolved" });
});

test("a crash between proposal and incident is mended by the next sweep", async () => {
  const { store, incidentId } = await openDesk();
  const dying: Store = {
    ...store,
    append: (stream, ...rest) =>
      stream.startsWith("incident/")
        ? Promise.reject(new Error("gone"))
        : store.append(stream, ...rest),
  };
  const made = lifeOn(dying).proposals.propose(draftOf(incidentId), modelOf(), NOW_MS);
  await expect(made).rejects.toThrow("gone");
  const { proposals, incidents } = lifeOn(store);
  await proposals.sweep(modelOf().view, NOW_MS);
  const [record] = await proposals.list(incidentId);
  expect((await incidents.read(incidentId))?.proposalIds).toEqual([record?.proposal.id]);
});

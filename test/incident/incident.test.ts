import { expect, test } from "vitest";
import type { IncidentEvent, Page } from "../../src/incident/events.ts";
import { foldIncident } from "../../src/incident/incident.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import type { StoredEvent } from "../../src/store/store.ts";
import { diagnosis, page } from "../slack/samples.ts";

function stream(...events: readonly IncidentEvent[]): StoredEvent[] {
  return events.map((event, i) => ({
    ...newEvent(event, 1_000 + i),
    stream: "incident/i-1",
    version: i + 1,
    position: 7 + i,
  }));
}
const opened: IncidentEvent = { type: "incident-opened", page, channel: "#ops" };
const other: Page = { ...page, sloId: "home", title: "GET / is burning" };
const recovered: IncidentEvent = { type: "recovered", atMs: 5_000, values: {} };

test("an incident begins with its opening and keeps what was said in order", () => {
  const later = diagnosis({ noneProbability: 0.5 });
  const folded = foldIncident(
    stream(
      opened,
      { type: "diagnosis-recorded", which: "first", diagnosis: diagnosis() },
      { type: "diagnosis-recorded", which: "updated", diagnosis: later },
      { type: "investigation-started", conversationId: "c-1" },
      { type: "proposal-made", proposalId: "p-1" },
      { type: "proposal-made", proposalId: "p-2" },
      { type: "investigation-ended", conversationId: "c-1", outcome: "partial", llm: "offline" },
      { type: "resolved", atMs: 9_000, by: "U0ALICE" },
    ),
  );
  expect(folded).toMatchObject({
    id: "i-1",
    openedMs: 1_000,
    channel: "#ops",
    proposalIds: ["p-1", "p-2"],
    investigation: "partial",
    resolved: { atMs: 9_000, by: "U0ALICE" },
  });
  expect(folded?.firstDiagnosis?.noneProbability).toBe(0.08);
  expect(folded?.diagnosis?.noneProbability).toBe(0.5);
});

test("a page that joins takes the recovery back, and a later recovery stands", () => {
  const joined: IncidentEvent = { type: "page-joined", page: other, reason: "same cause" };
  const unwell = foldIncident(stream(opened, recovered, joined));
  expect(unwell?.recovered).toBeUndefined();
  expect(unwell?.joined).toEqual([{ page: other, reason: "same cause" }]);
  const well = foldIncident(stream(opened, recovered, joined, { ...recovered, atMs: 6_000 }));
  expect(well?.recovered?.atMs).toBe(6_000);
});

test("nothing is an incident before it has been opened", () => {
  expect(foldIncident([])).toBeUndefined();
  expect(foldIncident(stream(recovered))).toBeUndefined();
  expect(foldIncident(stream(recovered, opened))).not.toHaveProperty("recovered");
});

test("a second opening changes nothing", () => {
  const again: IncidentEvent = { type: "incident-opened", page: other, channel: "#else" };
  expect(foldIncident(stream(opened, again))?.page).toEqual(page);
});

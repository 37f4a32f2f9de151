import type { KnownBlock } from "@slack/types";
import { expect, test } from "vitest";
import type { Page } from "../../src/incident/events.ts";
import { entityId } from "../../src/model/entity.ts";
import { HUSH_ACTION, SPEAK_ACTION } from "../../src/slack/action-ids.ts";
import { type PageCard, pageCard } from "../../src/slack/blocks/page-card.ts";
import { textOf } from "./running-slack.ts";
import { page } from "./samples.ts";

const card = (over: Partial<PageCard> = {}): PageCard => ({
  incidentId: "i-1",
  page,
  episode: 1,
  openedMs: page.atMs,
  joined: [],
  actions: [],
  hushed: false,
  ...over,
});

function absent(operation: string): Page {
  return {
    ...page,
    type: "absent",
    operation: entityId("operation", `gateway ${operation}`),
    title: `${operation} is absent: no request for 32 s`,
    pastTitle: `${operation} was absent`,
    values: { silent: { value: 32_000, unit: "ms" } },
  };
}

const outage = (...operations: readonly string[]): Partial<PageCard> => ({
  page: absent("GET /"),
  joined: operations.map((one) => ({ page: absent(one), reason: "same likely cause" })),
});

const headOf = (over: Partial<PageCard>): string | undefined =>
  pageCard(card(over)).text.replace(/^\S+ /u, "");

test("what falls silent together is one headline, and the card names all of it", () => {
  expect(headOf(outage())).toBe("GET / is absent: no request for 32 s");
  const all = outage("GET /product", "POST /cart", "GET /product");
  expect(headOf(all)).toBe("3 operations of gateway are absent: no request for 32 s");
  const shown = textOf(pageCard(card(all)));
  expect(shown).toContain("*Absent* `GET /`, `GET /product`, `POST /cart`");
  expect(shown).not.toContain("Also paged");
  const recovered = { atMs: page.atMs + 60_000, values: {} };
  expect(headOf({ ...all, recovered })).toBe("Recovered · 3 operations of gateway were absent");
});

test("what only burns beside a silence is still named by itself", () => {
  const mixed = {
    ...outage("POST /cart"),
    joined: [
      { page: absent("POST /cart"), reason: "same likely cause" },
      { page, reason: "same likely cause" },
    ],
  };
  expect(textOf(pageCard(card(mixed)))).toContain(
    "*Also paged* POST /checkout is burning its error budget 21×",
  );
});

test("after a recovery what had joined is told in the past, too", () => {
  const burned = { ...page, pastTitle: "POST /checkout burned its error budget 21×" };
  const joined = [{ page: burned, reason: "same likely cause" }];
  expect(textOf(pageCard(card({ joined })))).toContain("*Also paged* POST /checkout is burning");
  const recovered = { atMs: page.atMs + 60_000, values: {} };
  expect(textOf(pageCard(card({ joined, recovered })))).toContain(
    "*Also paged* POST /checkout burned its error budget 21×",
  );
});

function buttonOf(over: Partial<PageCard>): { action_id?: string; confirm?: unknown } | undefined {
  const blocks: readonly KnownBlock[] = pageCard(card(over)).blocks;
  const actions = blocks.find((block) => block.type === "actions");
  return actions?.type === "actions"
    ? (actions.elements[0] as { action_id?: string; confirm?: unknown })
    : undefined;
}

test("hush says what it does before it does it, and can be taken back as long as there is trouble", () => {
  expect(buttonOf({})).toMatchObject({ action_id: HUSH_ACTION, value: "i-1" });
  expect(JSON.stringify(buttonOf({})?.confirm)).toMatch(
    /only actions .* Speak again takes it back/,
  );
  expect(buttonOf({ hushed: true })).toMatchObject({ action_id: SPEAK_ACTION, value: "i-1" });
  expect(buttonOf({ recovered: { atMs: page.atMs + 60_000, values: {} } })).toBeUndefined();
});

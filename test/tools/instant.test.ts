import { expect, test } from "vitest";
import { OperationError } from "../../src/errors.ts";
import { parseInstant, viewAtInstant } from "../../tools/instant.ts";
import { at, contextOf, SHOP_S, sharedShop } from "./tool-world.ts";

const NOW = Date.UTC(2026, 10, 24, 2, 14, 7);

function check(text: string, iso: string | undefined): void {
  const ms = parseInstant(text, NOW);
  expect(ms === undefined ? undefined : new Date(ms).toISOString(), text).toBe(iso);
}

test("reads times as people write them", () => {
  check("now", "2026-11-24T02:14:07.000Z");
  check("02:00", "2026-11-24T02:00:00.000Z");
  check("2:00:30 UTC", "2026-11-24T02:00:30.000Z");
  check("10 min ago", "2026-11-24T02:04:07.000Z");
  check("90s", "2026-11-24T02:12:37.000Z");
  check("2 hours ago", "2026-11-24T00:14:07.000Z");
  check("2026-11-24T02:00:00Z", "2026-11-24T02:00:00.000Z");
  check("2026-11-24 02:00", "2026-11-24T02:00:00.000Z");
  check("2026-11-24 02:00 UTC", "2026-11-24T02:00:00.000Z");
  check("2026-11-24T02:00:00+01:00", "2026-11-24T01:00:00.000Z");
  check("2026-11-24", "2026-11-24T00:00:00.000Z");
});

test("takes a clock time that is still to come as yesterday's", () => {
  check("14:02", "2026-11-23T14:02:00.000Z");
});

test("reads nothing into what it does not understand", () => {
  for (const text of [
    "5 months ago",
    "soon",
    "25:00",
    "2:61",
    "2026-13-01",
    "ten",
    "1e9",
    "5 m o",
  ]) {
    check(text, undefined);
  }
});

test("says of a clock time that is still to come that it is, where yesterday is not kept", () => {
  const context = contextOf(sharedShop());
  expect(viewAtInstant(context, "23:59")).toMatchObject({ ok: false, code: "time_in_future" });
  expect(viewAtInstant(context, "01:00")).toMatchObject({ ok: false, code: "time_not_retained" });
});

test("gives this turn's view for now, and says what the model refused", () => {
  const context = contextOf(sharedShop(), {
    viewAt: () => {
      throw new OperationError("past_busy", "Ask again.");
    },
  });
  expect(viewAtInstant(context, "now")).toEqual({ ok: true, view: context.view });
  expect(viewAtInstant(context, undefined)).toEqual({ ok: true, view: context.view });
  expect(viewAtInstant(context, "02:02")).toEqual({
    ok: false,
    code: "past_busy",
    message: "Ask again.",
  });
  expect(context.nowMs).toBe(at(SHOP_S + 10));
});

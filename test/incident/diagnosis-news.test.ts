import { expect, test } from "vitest";
import { isNews, isOtherCause, topOf } from "../../src/incident/diagnosis-news.ts";
import { entityId } from "../../src/model/entity.ts";
import { deploy, diagnosis, hypothesis } from "../slack/samples.ts";

const first = diagnosis();
const cart = {
  root: entityId("service", "cart"),
  name: "cart",
  title: "cart 2.3.0 fails requests",
};
const withRival = diagnosis({
  hypotheses: [hypothesis({ ...cart, probability: 0.7 }), hypothesis({ probability: 0.2 })],
});
const alone = diagnosis({ hypotheses: [hypothesis({ ...cart, probability: 0.9 })] });

test("a rival that takes the lead is news; people look again when nothing was proposed for the one before", () => {
  expect(isNews(topOf(first), topOf(withRival))).toBe(true);
  expect(isOtherCause(topOf(first), withRival, true)).toBe(true);
  expect(isOtherCause(topOf(first), withRival, false)).toBe(false);
  expect(isOtherCause(topOf(first), alone, false)).toBe(true);
});

test("a cause that is not believed asks nobody to look again", () => {
  const unsure = diagnosis({ hypotheses: [hypothesis({ ...cart, probability: 0.5 })] });
  expect(isOtherCause(topOf(first), unsure, true)).toBe(false);
});

test("another change of the same place is another cause, unless it reads the same", () => {
  const later = { ...deploy, id: "chg-9", attributes: { version: "1.2.0" } };
  const other = diagnosis({
    hypotheses: [hypothesis({ title: "catalog 1.2.0 became slower", changes: [later] })],
  });
  const same = diagnosis({ hypotheses: [hypothesis({ changes: [later] })] });
  expect(isOtherCause(topOf(first), other, false)).toBe(true);
  expect(isNews(topOf(first), topOf(same))).toBe(false);
});

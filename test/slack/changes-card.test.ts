import { expect, test } from "vitest";
import { changeLine, changesCard } from "../../src/slack/blocks/changes-card.ts";
import { textOf } from "./running-slack.ts";
import { deploy } from "./samples.ts";

test("a line says nothing twice", () => {
  const restart = {
    ...deploy,
    kind: "restart" as const,
    summary: "restart catalog",
    attributes: {},
  };
  expect(changeLine(restart)).toMatch(/ restart `catalog` _\(reported\)_$/);
  expect(changeLine({ ...deploy, attributes: {} })).toMatch(/ deploy `catalog` 1\.1\.0 _/);
  const other = { ...restart, summary: "node replaced" };
  expect(changeLine(other)).toMatch(/ restart `catalog` node replaced _\(reported\)_$/);
});

test("a list has no gap as long as one section holds it, and loses no line when it does not", () => {
  const card = (count: number): ReturnType<typeof changesCard> => {
    const changes = Array.from({ length: count }, () => deploy);
    return changesCard({ window: { fromMs: 0, toMs: 3_600_000 }, changes });
  };
  expect(card(9).blocks.filter(({ type }) => type === "section")).toHaveLength(2);
  const many = card(40);
  expect(textOf(many).match(/^•/gm)).toHaveLength(40);
  for (const block of many.blocks)
    if (block.type === "section") expect(block.text?.text.length).toBeLessThanOrEqual(3_000);
});

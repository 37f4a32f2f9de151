import { expect, test } from "vitest";
import { backChanges, versionsLeftBy } from "../../src/model/taken-back.ts";
import type { Change } from "../../src/model/view.ts";

const to = (id: string, version: string, previous?: string): Change => ({
  id,
  timeMs: 0,
  kind: "deploy",
  entityText: "catalog",
  summary: "",
  attributes: { version, ...(previous === undefined ? {} : { previous_version: previous }) },
  origin: "reported",
});

test("a deploy of what was replaced goes back, and what it replaces is left", () => {
  const deploys = [to("a", "1.1", "1.0"), to("b", "1.0", "1.1")];
  expect([...backChanges(deploys)]).toEqual(["b"]);
  expect([...versionsLeftBy(deploys)]).toEqual(["1.1"]);
});

test("to deploy again what was left is no going back: the version before it may be gone back to", () => {
  const deploys = [to("a", "1.1", "1.0"), to("b", "1.0", "1.1"), to("c", "1.1", "1.0")];
  expect([...backChanges(deploys)]).toEqual(["b"]);
  expect([...versionsLeftBy(deploys)]).toEqual([]);
  const back = [...deploys, to("d", "1.0", "1.1")];
  expect([...backChanges(back)]).toEqual(["b", "d"]);
  expect([...versionsLeftBy(back)]).toEqual(["1.1"]);
});

test("a change that is reported and then seen counts once", () => {
  const deploys = [
    to("a", "1.1", "1.0"),
    to("a2", "1.1"),
    to("b", "1.0", "1.1"),
    to("c", "1.1"),
    to("c2", "1.1", "1.0"),
  ];
  expect([...backChanges(deploys)]).toEqual(["b"]);
  expect([...versionsLeftBy(deploys)]).toEqual([]);
});

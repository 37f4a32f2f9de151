import { expect, test } from "vitest";
import { askInIncident } from "./ask-in-incident.ts";

test("who is hurt is told by objective and in all, and users are not counted", async () => {
  const [reach] = await askInIncident("who is hurt, how many users?");
  expect(reach?.text).toMatch(/^\*\*Hurt:\*\* gateway GET \/product\/\{id\} is hurt since/);
  expect(reach?.text).toContain("- POST /checkout is burning");
  expect(reach?.text).toMatch(/In all \d+ bad requests a minute \[e\d+\]\. I count requests/);
});

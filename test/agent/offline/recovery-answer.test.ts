import { expect, test } from "vitest";
import { askInIncident } from "./ask-in-incident.ts";

test("it is better or not with the last seconds beside the whole window", async () => {
  const [better] = await askInIncident("is it better?");
  expect(better?.text).toMatch(/in the last 60 s|in the last 1 min/);
  expect(better?.text).toMatch(/; in the last 10 s it was \d+ % \[e\d+\]\./);
});

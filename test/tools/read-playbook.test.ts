import { expect, test } from "vitest";
import { readPlaybook } from "../../tools/read-playbook.ts";
import { answered, refused } from "./lawful.ts";
import { contextOf, sharedShop } from "./tool-world.ts";

test("reads a procedure by its name, however it is written", async () => {
  const context = contextOf(sharedShop());
  for (const name of ["slow-database", "Slow Database", "slow-database.md"]) {
    const { data } = await answered(context, readPlaybook, { name });
    expect(data).toEqual({ name: "slow-database", text: "# Slow database\nLook at the pool." });
  }
});

test("lists what there is when asked for an unknown one", async () => {
  const refusal = await refused(contextOf(sharedShop()), readPlaybook, { name: "deploy" });
  expect(refusal).toMatchObject({ code: "playbook_unknown", didYouMean: ["bad-deploy"] });
  expect(refusal.message).toContain("slow-database, bad-deploy");
});

test("cuts a long one to what fits, whatever its letters", async () => {
  for (const letter of ["a", "界", '"']) {
    const context = contextOf(sharedShop(), { playbook: () => letter.repeat(30_000) });
    const { data, notes } = await answered(context, readPlaybook, { name: "slow-database" });
    expect(data.text.length).toBeGreaterThan(1_000);
    expect(notes[0]).toContain(`of 30000 characters`);
  }
});

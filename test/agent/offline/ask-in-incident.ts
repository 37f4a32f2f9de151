import { expect } from "vitest";
import { PAGE, question, startAgent, type Told } from "../running-agent.ts";

/** Answers to questions in the thread of an incident, each whole and with every claim vouched for. */
export async function askInIncident(...texts: readonly string[]): Promise<readonly Told[]> {
  const agent = startAgent();
  await agent.ask(PAGE);
  const told: Told[] = [];
  for (const text of texts) told.push(await agent.ask(question(text)));
  for (const { end } of told)
    expect(end).toMatchObject({ outcome: "complete", usage: { claimsDropped: 0 } });
  return told;
}

import { afterEach } from "vitest";
import {
  type FakeClaude,
  type FakeReply,
  type FakeRequest,
  requestText,
  type Script,
  startFakeClaude,
} from "../support/fake-claude.ts";
import { type AgentOptions, startAgent, type TestAgent } from "./running-agent.ts";

export const API_KEY = "sk-ant-canary-0123456789abcdef";
/** Pauses before a retry pass by themselves. */
const PAUSES_MS = 20_000;

const open: FakeClaude[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.close()));
});

/** An agent with a scripted Claude at the other end of a real line. */
export async function withClaude(
  script: Script,
  options: AgentOptions = {},
): Promise<{ readonly agent: TestAgent; readonly fake: FakeClaude }> {
  const fake = await startFakeClaude(script);
  open.push(fake);
  const agent = startAgent({ claude: { apiKey: API_KEY, baseUrl: fake.url }, ...options });
  agent.clock.skipUpTo(PAUSES_MS);
  return { agent, fake };
}

/** Replies one after another; the last one for ever. */
export const scripted =
  (...replies: readonly FakeReply[]): Script =>
  (_request, number) =>
    replies[Math.min(number, replies.length) - 1] ?? {};

export const LOOK: FakeReply = {
  thinking: "Rank first.",
  calls: [
    { name: "rank_causes", input: { about: "product" } },
    { name: "get_slo_status", input: {} },
  ],
};

/** All that the n-th request (from 1) sent; -1: the last. */
export function sent(fake: FakeClaude, number: number): string {
  return requestText(requestOf(fake, number));
}

export function requestOf({ requests }: FakeClaude, number: number): FakeRequest {
  const request = requests.at(number < 0 ? number : number - 1);
  if (request === undefined) throw new Error(`there was no request ${number}`);
  return request;
}

import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { COMMANDS } from "../../src/slack/command-grammar.ts";
import { SRE_COMMAND } from "../../src/slack/listeners/sre-command.ts";

const manifestSchema = z.object({
  features: z.object({
    agent_view: z.object({
      agent_description: z.string().max(300),
      suggested_prompts: z.array(z.object({ title: z.string(), message: z.string() })).max(4),
    }),
    slash_commands: z.array(z.object({ command: z.string(), usage_hint: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.literal(true) }),
    socket_mode_enabled: z.literal(true),
  }),
});
const manifest = manifestSchema.parse(JSON.parse(readFileSync("manifest.json", "utf8")));

/** Scopes by method, as docs.slack.dev/reference/methods lists them. */
const METHOD_SCOPES: Readonly<Record<string, readonly string[]>> = {
  "auth.test": [],
  "users.info": ["users:read"],
  "conversations.list": ["channels:read"],
  "conversations.history": ["channels:history", "im:history"],
  "conversations.replies": ["channels:history", "im:history"],
  "chat.postMessage": ["chat:write"],
  "chat.postEphemeral": ["chat:write"],
  "chat.update": ["chat:write"],
  "chat.startStream": ["chat:write"],
  "chat.appendStream": ["chat:write"],
  "chat.stopStream": ["chat:write"],
  "assistant.threads.setStatus": ["chat:write"],
  "assistant.threads.setSuggestedPrompts": ["assistant:write"],
  filesUploadV2: ["files:write"],
};
/** What a subscription needs, and the listener that it is for. */
const EVENTS: Readonly<
  Record<string, { readonly scopes: readonly string[]; readonly listener: string }>
> = {
  app_home_opened: { scopes: [], listener: "app_home_opened" },
  app_mention: { scopes: ["app_mentions:read"], listener: "app_mention" },
  "message.channels": { scopes: ["channels:history"], listener: "message" },
  "message.im": { scopes: ["im:history"], listener: "message" },
};

const source = globSync("src/slack/**/*.ts")
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");
const found = (pattern: RegExp): readonly string[] => [
  ...new Set([...source.matchAll(pattern)].map((match) => match[1] ?? "")),
];
const methods = found(/\b(?:web|once)\s*\.((?:[a-zA-Z]+\.)*[a-zA-Z0-9]+)\(/g);
const listeners = found(/\bapp\.event\("([a-z_]+)"/g);

test("the scopes are exactly those of the methods, events and commands that the code uses", () => {
  expect(methods.filter((method) => METHOD_SCOPES[method] === undefined)).toEqual([]);
  expect(Object.keys(METHOD_SCOPES).filter((method) => !methods.includes(method))).toEqual([]);
  const { bot_events: events } = manifest.settings.event_subscriptions;
  const needed = new Set([
    "commands",
    ...methods.flatMap((method) => METHOD_SCOPES[method] ?? []),
    ...events.flatMap((event) => EVENTS[event]?.scopes ?? ["an unknown event"]),
  ]);
  expect(manifest.oauth_config.scopes.bot.toSorted()).toEqual([...needed].sort());
});

test("every subscribed event has a listener, and every listener its event", () => {
  const { bot_events: events } = manifest.settings.event_subscriptions;
  const heard = [...new Set(events.map((event) => EVENTS[event]?.listener))];
  expect(heard.toSorted()).toEqual([...listeners].sort());
});

test("the command and its hint are those of the grammar", () => {
  const [command, ...others] = manifest.features.slash_commands;
  expect(others).toEqual([]);
  expect(command).toMatchObject({
    command: SRE_COMMAND,
    usage_hint: COMMANDS.map(({ name }) => name).join(" | "),
  });
});

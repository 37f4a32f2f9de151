import type { ConversationsListResponse, WebClient } from "@slack/web-api";
import { OperationError } from "../errors.ts";

/** Pages of the channel list that are searched for a name. */
const PAGES_MAX = 20;
const PAGE_SIZE = 200;

const CHANNEL_ID = /^[CDG][A-Z0-9]{5,}$/;

export interface Channels {
  /** The id of a channel given by id, `name` or `#name`. Errors: OperationError `channel_unknown`. */
  idOf(reference: string): Promise<string>;
}

/** Names are looked up once: a renamed channel is found after the next start. */
export function createChannels(web: WebClient): Channels {
  const known = new Map<string, string>();
  const learn = async (): Promise<void> => {
    let cursor = "";
    for (let page = 0; page < PAGES_MAX; page++) {
      // biome-ignore lint/performance/noAwaitInLoops: each page needs the cursor of the one before
      const answer = await listPage(web, cursor);
      for (const { id, name } of answer.channels ?? []) remember(known, id, name);
      cursor = answer.response_metadata?.next_cursor ?? "";
      if (cursor === "") return;
    }
  };
  return {
    idOf: async (reference) => {
      const name = reference.replace(/^#/, "");
      if (CHANNEL_ID.test(name)) return name;
      if (!known.has(name)) await learn();
      const id = known.get(name);
      if (id === undefined)
        throw new OperationError(
          "channel_unknown",
          `there is no public channel #${name}: create it and invite the app, or name another`,
        );
      return id;
    },
  };
}

function listPage(web: WebClient, cursor: string): Promise<ConversationsListResponse> {
  return web.conversations.list({
    types: "public_channel",
    exclude_archived: true,
    limit: PAGE_SIZE,
    ...(cursor === "" ? {} : { cursor }),
  });
}

function remember(known: Map<string, string>, id?: string, name?: string): void {
  if (id !== undefined && name !== undefined) known.set(name, id);
}

import type { BlockAction, ButtonAction } from "@slack/bolt";
import { HUSH_ACTION } from "../action-ids.ts";
import { pageKey } from "../incident-room.ts";
import type { ListenerRoom } from "./room.ts";

/** Hush on an incident's summary: from then on only actions and their outcome are posted. */
export function registerHushButton({ app, incidentRoom, approval }: ListenerRoom): void {
  app.action<BlockAction<ButtonAction>>(
    { action_id: HUSH_ACTION, type: "block_actions" },
    async ({ ack, action, body, respond }) => {
      await ack();
      const incidentId = action.value ?? "";
      const person = await approval.identity.personNow(body.user.id);
      const isKnown = (await approval.outbox.find(pageKey(incidentId))) !== undefined;
      if (person.kind !== "person" || !isKnown) {
        const text = "Only full members of this workspace can hush an incident.";
        await respond({ response_type: "ephemeral", replace_original: false, text });
        return;
      }
      await incidentRoom.hush(incidentId);
    },
  );
}

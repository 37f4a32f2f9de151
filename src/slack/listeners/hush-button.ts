import type { BlockAction, ButtonAction } from "@slack/bolt";
import { HUSH_ACTION, SPEAK_ACTION } from "../action-ids.ts";
import { pageKey } from "../incident-room.ts";
import type { ListenerRoom } from "./room.ts";

/** Hush on an incident's summary, and Speak again, which takes it back. */
export function registerHushButton({ app, incidentRoom, approval }: ListenerRoom): void {
  const listen = (actionId: string, hushed: boolean): void => {
    app.action<BlockAction<ButtonAction>>(
      { action_id: actionId, type: "block_actions" },
      async ({ ack, action, body, respond }) => {
        await ack();
        const incidentId = action.value ?? "";
        const person = await approval.identity.personNow(body.user.id);
        const isKnown = (await approval.outbox.find(pageKey(incidentId))) !== undefined;
        if (person.kind === "person" && isKnown) {
          await incidentRoom.hush(incidentId, hushed);
          return;
        }
        const text = "Only full members of this workspace can hush an incident.";
        await respond({ response_type: "ephemeral", replace_original: false, text });
      },
    );
  };
  listen(HUSH_ACTION, true);
  listen(SPEAK_ACTION, false);
}

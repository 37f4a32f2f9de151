import type { BlockAction, ButtonAction } from "@slack/bolt";
import { APPROVE_ACTION, REJECT_ACTION } from "../action-ids.ts";
import { type Click, type Decision, decide } from "../approval.ts";
import type { ListenerRoom } from "./room.ts";

function clickOf(body: BlockAction, action: ButtonAction): Click {
  return {
    userId: body.user.id,
    channel: body.channel?.id ?? "",
    messageTs: body.message?.ts ?? "",
    value: action.value,
  };
}

/** Approve and Reject on a proposal's card; refusals are told to the person alone, the rest shows on the card. */
export function registerDecisionButtons({ app, approval }: ListenerRoom): void {
  const listen = (actionId: string, decision: Decision): void => {
    app.action<BlockAction<ButtonAction>>(
      { action_id: actionId, type: "block_actions" },
      async ({ ack, body, action, respond }) => {
        await ack();
        const text = await decide(approval, clickOf(body, action), decision);
        if (text !== undefined)
          await respond({ response_type: "ephemeral", replace_original: false, text });
      },
    );
  };
  listen(APPROVE_ACTION, "approve");
  listen(REJECT_ACTION, "reject");
}

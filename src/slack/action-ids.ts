/** Ids of buttons, as they stand in messages that are still in channels: they never change. */
export const APPROVE_ACTION = "proposal_approve";
export const REJECT_ACTION = "proposal_reject";
export const HUSH_ACTION = "incident_hush";
export const SPEAK_ACTION = "incident_speak";

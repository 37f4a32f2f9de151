import type { App } from "@slack/bolt";
import type { ApprovalDeps } from "../approval.ts";
import type { SlackDeps } from "../deps.ts";
import type { IncidentRoom } from "../incident-room.ts";
import type { Questions } from "../questions.ts";
import type { SlackClients } from "../wire.ts";

/** What a listener can reach. One file is one entry point; each exports one `register`. */
export interface ListenerRoom {
  readonly app: App;
  readonly deps: SlackDeps;
  readonly clients: SlackClients;
  readonly questions: Questions;
  readonly approval: ApprovalDeps;
  readonly incidentRoom: IncidentRoom;
  readonly botUserId: () => string;
}

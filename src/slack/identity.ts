import type { WebClient } from "@slack/web-api";
import type { Clock } from "../clock.ts";
import { failureOf, failureText } from "./wire.ts";

/** Who speaks or clicks. Only a `person` can approve; `unclear` means that Slack did not say. */
type PersonKind = "person" | "guest" | "stranger" | "bot" | "deactivated" | "unclear";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly kind: PersonKind;
}

/** What the system looks like is told to full members alone; while Slack does not say who asks, nobody is turned away. */
export function mayAsk({ kind }: Person): boolean {
  return kind === "person" || kind === "unclear";
}

export const MAY_NOT_ASK = "I answer full members of this workspace only.";

export interface Identity {
  /** From memory where it is fresh enough to be shown. */
  person(userId: string): Promise<Person>;
  /** Asked now: for decisions. */
  personNow(userId: string): Promise<Person>;
}

const FRESH_MS = 5 * 60_000;
/** Limit: people remembered; the oldest goes first. */
const PEOPLE_MAX = 2_000;

interface WireUser {
  readonly name?: string;
  readonly real_name?: string;
  readonly team_id?: string;
  readonly deleted?: boolean;
  readonly is_bot?: boolean;
  readonly is_app_user?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
}

function kindOf(user: WireUser, teamId: string | undefined): PersonKind {
  if (user.deleted === true) return "deactivated";
  if (user.is_bot === true || user.is_app_user === true) return "bot";
  if (user.is_stranger === true) return "stranger";
  if (teamId !== undefined && user.team_id !== undefined && user.team_id !== teamId)
    return "stranger";
  if (user.is_restricted === true || user.is_ultra_restricted === true) return "guest";
  return "person";
}

export function createIdentity(
  web: WebClient,
  { clock, teamId }: { readonly clock: Clock; readonly teamId: () => string | undefined },
): Identity {
  const known = new Map<string, { readonly person: Person; readonly atMs: number }>();
  const personNow = async (userId: string): Promise<Person> => {
    try {
      // The SDK's own type lacks fields that Slack documents; each is checked for `true` before it counts.
      const { user } = (await web.users.info({ user: userId })) as { readonly user?: WireUser };
      if (user === undefined) return { id: userId, name: userId, kind: "unclear" };
      const name = user.real_name ?? user.name ?? userId;
      const person: Person = { id: userId, name, kind: kindOf(user, teamId()) };
      known.delete(userId);
      known.set(userId, { person, atMs: clock.nowMs() });
      const [oldest] = known.keys();
      if (known.size > PEOPLE_MAX && oldest !== undefined) known.delete(oldest);
      return person;
    } catch (error) {
      const failure = failureOf(error);
      const isGone =
        failure.type === "refused" && /^users?_not_(?:found|visible)$/.test(failureText(failure));
      return { id: userId, name: userId, kind: isGone ? "stranger" : "unclear" };
    }
  };
  return {
    personNow,
    person: async (userId) => {
      const found = known.get(userId);
      if (found !== undefined && clock.nowMs() - found.atMs < FRESH_MS) return found.person;
      return personNow(userId);
    },
  };
}

import { type EntityId, entityName } from "../entity.ts";
import { backChanges } from "../taken-back.ts";
import type { Change, WorldView } from "../view.ts";
import type { Scene } from "./scene.ts";
import { WordIndex, wordsFor } from "./text/word-index.ts";

/** Changes older than this before the onset are not considered causes of it; commits take longer to arrive. */
const CHANGE_LOOKBACK_MS = 30 * 60_000;
const COMMIT_LOOKBACK_MS = 3 * 3_600_000;
/** Suspicion halves over this distance … */
const HALF_LIFE_MS = 15 * 60_000;
const COMMIT_HALF_LIFE_MS = 60 * 60_000;
/** … but half of it over this: most changes act at once, and what was well with the change in place speaks for it. */
const AT_ONCE_HALF_LIFE_MS = 60_000;
/** A change back to what served before it. */
const RETURN_WEIGHT = 0.3;
/** A change that shares so much of what is rare with what fails is about it. */
const ALIKE = 0.35;

/** How often a change of this kind is what broke a system, relative to a deploy (deploys and configuration lead everywhere). */
const BASE_RATE: Readonly<Record<Change["kind"], number>> = {
  deploy: 1,
  config: 0.9,
  flag: 0.9,
  scale: 0.6,
  limit: 0.6,
  restart: 0.45,
  commit: 0.5,
  other: 0.3,
};

export interface SuspectChange {
  readonly change: Change;
  /** 0 to 1. */
  readonly weight: number;
}

export function changeTouches(
  { view }: { readonly view: WorldView },
  change: Change,
  entity: EntityId,
): boolean {
  const name = entityName(entity);
  if (change.entity === entity || change.entityText === entity || change.entityText === name)
    return true;
  if (change.attributes.service === name) return true;
  if (change.entity === undefined) return false;
  const owners = [
    ...view.relations({ type: "version_of", from: change.entity }),
    ...view.relations({ type: "instance_of", from: change.entity }),
  ].map((relation) => relation.to);
  if (owners.includes(entity)) return true;
  return view.relations({ type: "guarded_by", to: change.entity }).some((relation) => {
    if (relation.from === entity) return true;
    return view.relations({ type: "exposes", from: entity, to: relation.from }).length > 0;
  });
}

const lookbackOf = ({ kind }: Change): number =>
  kind === "commit" ? COMMIT_LOOKBACK_MS : CHANGE_LOOKBACK_MS;

/** Changes before the onset, newest first, as far back as their kind may act. */
function recentChanges(scene: Scene): readonly Change[] {
  const { view, onsetMs, toMs, slackMs } = scene;
  const window = {
    fromMs: onsetMs - COMMIT_LOOKBACK_MS,
    toMs: Math.min(toMs, onsetMs + slackMs) + 1,
  };
  return [...view.changes(window)]
    .reverse()
    .filter((change) => onsetMs - change.timeMs <= lookbackOf(change));
}

const textOf = (change: Change): string =>
  `${change.entityText} ${change.summary} ${Object.values(change.attributes).join(" ")}`;

/** What changes say, and which of them speak of what fails. Made once for a scene. */
export class ChangeEvidence {
  readonly #scene: Scene;
  readonly recent: readonly Change[];
  readonly #isLoose = new Map<string, boolean>();
  readonly #alike: ReadonlyMap<string, number>;
  readonly #names: ReadonlySet<string>;
  /** Changes that brought back what was there before. */
  readonly #back: ReadonlySet<string>;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.recent = recentChanges(scene);
    this.#back = backChanges(this.recent.toReversed());
    this.#names = new Set(scene.map.places.keys());
    this.#alike = likeness(scene, this.recent);
  }

  /** A flag, setting or commit that telemetry ties to nobody may be anybody's. */
  #loose(change: Change): boolean {
    const known = this.#isLoose.get(change.id);
    if (known !== undefined) return known;
    const may = change.kind === "flag" || change.kind === "config" || change.kind === "commit";
    const isTied =
      this.#names.has(change.entityText) ||
      (change.entity !== undefined && this.#names.has(entityName(change.entity)));
    const isLoose = may && !isTied;
    this.#isLoose.set(change.id, isLoose);
    return isLoose;
  }

  /** How much a change's text is about what fails, 0 to 1. */
  alike(change: Change): number {
    return this.#alike.get(change.id) ?? 0;
  }

  #closeness(change: Change, entity: EntityId): number {
    if (changeTouches(this.#scene, change, entity)) return 1;
    if (!this.#loose(change)) return 0;
    if (change.kind !== "commit") return 0.35;
    return namesPlace(textOf(change), entityName(entity)) ? 0.8 : 0.15;
  }

  /** 1 at the onset, 0 long before it. */
  #nearness(change: Change, ageMs: number): number {
    if (change.kind === "commit") return 0.5 ** (ageMs / COMMIT_HALF_LIFE_MS);
    const atOnce = 0.5 ** (ageMs / Math.max(AT_ONCE_HALF_LIFE_MS, 2 * this.#scene.slackMs));
    const nearness = 0.5 * atOnce + 0.5 * 0.5 ** (ageMs / HALF_LIFE_MS);
    return this.#back.has(change.id) ? RETURN_WEIGHT * nearness : nearness;
  }

  /** Changes that may have brought trouble to an entity, most suspect first. A change after the onset is none. */
  of(entity: EntityId, onsetMs: number): readonly SuspectChange[] {
    const latest = Math.max(onsetMs, this.#scene.onsetMs) + this.#scene.slackMs;
    return this.recent
      .flatMap((change) => {
        if (change.timeMs > latest) return [];
        const closeness = this.#closeness(change, entity);
        if (closeness === 0) return [];
        const ageMs = Math.max(0, onsetMs - change.timeMs);
        const alike = Math.min(1, this.alike(change) / ALIKE);
        const told = change.kind === "commit" ? 0.25 + 0.75 * alike : 1;
        const weight =
          BASE_RATE[change.kind] * this.#nearness(change, ageMs) * closeness * told +
          0.3 * alike * closeness;
        return [{ change, weight: Math.min(1, weight) }];
      })
      .sort((a, b) => b.weight - a.weight);
  }
}

/** A place's own words in a text: `services/order/client.go` speaks of `orderservice`. */
function namesPlace(text: string, name: string): boolean {
  const lower = text.toLowerCase();
  const whole = name.toLowerCase();
  if (lower.includes(whole)) return true;
  const core = whole.replace(/[-_]?(?:service|svc|server|api|worker)$/, "");
  return core.length >= 4 && lower.includes(core);
}

/** How much each change's text shares with the page and with what the logs complain of. */
function likeness(scene: Scene, changes: readonly Change[]): ReadonlyMap<string, number> {
  if (changes.length === 0 || scene.page === undefined) return new Map();
  const complaints = [...scene.logs.values()].flatMap(({ worst }) =>
    worst === undefined ? [] : [worst.log.text],
  );
  const query = wordsFor([scene.page.text, ...complaints].join(" "));
  const texts = changes.map((change) => wordsFor(textOf(change)));
  const index = new WordIndex(texts);
  return new Map(
    changes.map((change, at) => [change.id, index.similarity(query, texts[at] ?? new Set())]),
  );
}

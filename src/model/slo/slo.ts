import type { EntityId } from "../entity.ts";

/** A service level objective on one entry operation. */
export interface SloDefinition {
  /** `[a-z0-9-]+`, unique in the file. */
  readonly id: string;
  readonly description: string;
  /** Service and operation as the telemetry names them: `gateway`, `POST /checkout`. */
  readonly service: string;
  readonly operation: string;
  /** Share of good events, for example 0.99. */
  readonly objective: number;
  /** A request is good when it has no error and, where given, took at most this long. */
  readonly latencyThresholdMs?: number;
  readonly rules: readonly BurnRateRule[];
  /** Traffic that vanishes for this long pages as absent. */
  readonly absentAfterMs: number;
  /** After an action: time to effect, then the time observed, before its prediction is settled. */
  readonly settle: { readonly effectMs: number; readonly observeMs: number };
  readonly team?: string;
  /** Slack channel name or id for its incidents. */
  readonly channel?: string;
}

/** Fires when the burn rate of both windows is at least `burnRate` (SRE workbook, chapter 5). */
export interface BurnRateRule {
  readonly longMs: number;
  readonly shortMs: number;
  readonly burnRate: number;
  readonly severity: "page" | "ticket";
}

export interface SliWindow {
  readonly good: number;
  readonly bad: number;
  /** Of the bad: how many failed, and how many were only slow. */
  readonly errors: number;
  readonly slow: number;
  /** `good / (good + bad)`; 1 when nothing was seen (absence is judged apart). */
  readonly ratio: number;
  /** Share of the window after the first sample; time before it counts as good. */
  readonly covered: number;
}

export interface BurnRate {
  readonly rule: BurnRateRule;
  readonly long: number;
  readonly short: number;
  readonly firing: boolean;
}

export interface SloStatus {
  readonly slo: SloDefinition;
  /** The entry operation; undefined while telemetry has never named it. */
  readonly operation?: EntityId;
  readonly sli: SliWindow;
  readonly burnRates: readonly BurnRate[];
  /** `absent`: it had traffic, and has had none for `absentAfterMs`. `no-data`: never seen. */
  readonly state: "ok" | "burning" | "absent" | "no-data";
  readonly lastSampleMs?: number;
}

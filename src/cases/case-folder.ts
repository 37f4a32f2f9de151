import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ChangeRecord, TopologySignal } from "../model/signal.ts";
import { readChanges } from "./case-changes.ts";
import { type CaseHead, readCaseHead } from "./case-head.ts";
import { type CaseTelemetry, readTelemetry } from "./case-signals.ts";
import { readTopology } from "./case-topology.ts";
import type { Faults } from "./line-file.ts";

/** The live model keeps an hour of spans: what a case holds from before that would only cost time. */
const SPANS_BACK_MS = 55 * 60_000;
/** Limit: folders between a root and its cases. */
const DEPTH_MAX = 6;

/** Everything of a recorded case that was known at one instant. */
export interface CaseRecord {
  readonly head: CaseHead;
  /** Nothing after this was read. */
  readonly cutMs: number;
  readonly topology?: TopologySignal;
  readonly changes: readonly ChangeRecord[];
  readonly telemetry: CaseTelemetry;
  /** Share of all traces that is in `telemetry`: rates from spans are divided by it. */
  readonly traceSampling: number;
  /** What could not be used, and how often. */
  readonly faults: Faults;
}

/**
 * Reads a case folder as it was known `delayMs` after the detection.
 * Errors: `OperationError("case_invalid")`; files that are missing or damaged are no error, but faults.
 */
export async function readCase(folder: string, delayMs: number): Promise<CaseRecord> {
  const head = readCaseHead(folder);
  const faults: Faults = new Map();
  const cutMs = Math.max(
    head.fromMs,
    Math.min(head.detectedMs + delayMs, Math.max(head.toMs, head.detectedMs)),
  );
  const topology = readTopology(folder, head.fromMs, faults);
  const changes = await readChanges(folder, cutMs, faults);
  const telemetry = await readTelemetry(folder, { fromMs: cutMs - SPANS_BACK_MS, cutMs }, faults);
  return {
    head,
    cutMs,
    ...(topology === undefined ? {} : { topology }),
    changes,
    telemetry,
    traceSampling: head.traceSampling * telemetry.traceShare,
    faults,
  };
}

/** Folders below `root` (itself included) that hold a `case.json`, in order of name. */
export function* caseFolders(root: string, depth = 0): Generator<string, void, void> {
  if (existsSync(join(root, "case.json"))) {
    yield root;
    return;
  }
  if (depth > DEPTH_MAX) return;
  const entries = readdirSync(root, { withFileTypes: true });
  for (const { name } of entries.filter((one) => one.isDirectory()).sort(byName)) {
    yield* caseFolders(join(root, name), depth + 1);
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

import type { SloDefinition } from "../../../src/model/slo/slo.ts";
import type { SystemSpec } from "../../../src/simulator/system-spec.ts";

/** A system that scenarios play in, with what is promised to its customers. */
export interface ScenarioWorld {
  system(perSecond: number): SystemSpec;
  readonly slos: readonly SloDefinition[];
}

import { OperationError } from "../../../src/errors.ts";
import type { ScenarioWorld } from "./scenario-world.ts";
import { shop } from "./shop.ts";
import { tickets } from "./tickets.ts";

const WORLDS: Readonly<Record<string, ScenarioWorld>> = { shop, tickets };

/** The world that a scenario names. Errors: `OperationError("world_unknown")`. */
export function worldNamed(name: string): ScenarioWorld {
  const world = WORLDS[name];
  if (world === undefined)
    throw new OperationError(
      "world_unknown",
      `there is no world "${name}": ${Object.keys(WORLDS).join(", ")}`,
    );
  return world;
}

import { SHOP_SERVICES } from "./contract.ts";
import type { FaultTools } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import type { Operation } from "./operations.ts";
import { FLAGS, INITIAL_SETTINGS, SHOP_PLAN } from "./shop-plan.ts";

/** Who is named in the changes that put the shop back. */
const AUTHOR = "demo";

/** What would make the shop as it was at its start, without replicas: they are counted once the rest is done. */
export function operationsBack(fleet: Fleet): readonly Operation[] {
  const back: Operation[] = [];
  for (const service of SHOP_SERVICES) {
    const { version } = SHOP_PLAN[service];
    if (fleet.of(service).length > 0 && fleet.version(service) !== version)
      back.push({ type: "rollback", service, to_version: version });
    for (const [setting, value] of Object.entries(INITIAL_SETTINGS[service]))
      if (fleet.settings(service)[setting] !== value)
        back.push({ type: "setting", service, setting, value });
  }
  for (const [flag, { variants }] of Object.entries(FLAGS)) {
    const [variant] = variants;
    if (variant !== undefined && fleet.flags[flag] !== variant)
      back.push({ type: "flag", flag, variant });
  }
  return back;
}

function scalesBack(fleet: Fleet): readonly Operation[] {
  return SHOP_SERVICES.flatMap((service): Operation[] => {
    const replicas = SHOP_PLAN[service].nodes.length;
    const now = fleet.of(service).length;
    return now === 0 || now === replicas ? [] : [{ type: "scale", service, replicas }];
  });
}

/**
 * Puts the shop back to how it started, by ordinary operations that are reported like anybody's. Returns their summaries;
 * what the shop reports to nobody (a slow provider, a starved process) is undone by `undoHidden`, which names it.
 */
export async function mendEverything(
  { fleet, operations }: Pick<FaultTools, "fleet" | "operations">,
  undoHidden: (() => string) | undefined,
): Promise<readonly string[]> {
  const done: string[] = undoHidden === undefined ? [] : [undoHidden()];
  const run = async (asked: readonly Operation[]): Promise<void> => {
    for (const operation of asked) {
      const { change } = await operations.run(operation, AUTHOR);
      done.push(change.summary);
    }
  };
  await run(
    [...operations.stoppedServices.keys()].map((service) => ({ type: "restart", service })),
  );
  await run(operationsBack(fleet));
  await run(scalesBack(fleet));
  for (const service of SHOP_SERVICES) {
    const change = await operations.liftLimits(service, AUTHOR);
    if (change !== undefined) done.push(change.summary);
  }
  return done;
}

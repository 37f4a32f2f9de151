import { readFile } from "node:fs/promises";
import type { Config } from "../config/env.ts";
import { parseSloFile } from "../config/slo-file.ts";
import { errorText, OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Signal } from "../model/signal.ts";
import { parseTopologyFile } from "../telemetry/topology-file.ts";

async function textOf(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(variable, path, error);
  }
}

const unreadable = (variable: string, path: string, cause: unknown): OperationError =>
  new OperationError(
    "config_invalid",
    `${variable} names ${path}, which cannot be read: ${errorText(cause)}`,
    { cause },
  );

function isMissing(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

/** Objectives and declared structure, as signals. Errors: OperationErrors that name the file and the fix. */
export async function declaredSignals(
  config: Pick<Config, "sloFile" | "topologyFile">,
  { nowMs, log }: { readonly nowMs: number; readonly log: Log },
): Promise<readonly Signal[]> {
  const source = "file";
  const receivedMs = nowMs;
  const signals: Signal[] = [];
  if (config.topologyFile !== undefined) {
    const text = await textOf(config.topologyFile, "ORRERY_TOPOLOGY_FILE");
    signals.push(parseTopologyFile(text, { source, receivedMs }));
  }
  try {
    const slos = parseSloFile(await textOf(config.sloFile.path, "ORRERY_SLO_FILE"));
    signals.push({ type: "slos", source, receivedMs, slos });
  } catch (error) {
    if (!config.sloFile.isDefault || !isMissing(error)) throw error;
    log.warn("no_objectives", {
      fix: `write ${config.sloFile.path}: without objectives nothing pages`,
    });
  }
  return signals;
}

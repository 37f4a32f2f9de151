import { parseArgs } from "node:util";
import { OperationError } from "../errors.ts";
import { FAULT_NAMES, type FaultName } from "./world/faults.ts";

export interface DemoOptions {
  /** Breaks the shop after a minute of normal, or asks a demo that is already running. */
  readonly fault?: FaultName;
  /** Asks a demo that is already running to put its shop back to how it started. */
  readonly mend: boolean;
  /** No person: a scripted approver clicks, the transcript is printed, and the exit code tells. */
  readonly headless: boolean;
  /** Where a headless run writes what happened. */
  readonly jsonFile?: string;
  /** Where the demo keeps its files; another one runs beside the first. Default: `.demo` of the checkout. */
  readonly folder?: string;
  /** Claude answers, by `ANTHROPIC_API_KEY` (and `ANTHROPIC_BASE_URL`, `ORRERY_MODEL`) of the environment. */
  readonly llm: boolean;
  readonly requestsPerSecond: number;
  /** Of load, fault and harmless change. */
  readonly seed: number;
}

const USAGE = `Usage: npm run demo [-- options]
  --fault NAME   breaks the shop after a minute of normal; asks a demo that is already running
                 (${FAULT_NAMES.join(", ")})
  --mend         puts the shop of a running demo back to how it started
  --headless     no person: a script approves, the transcript is printed, exit 0 means it went well
  --json FILE    with --headless: writes what happened
  --llm          Claude answers, by ANTHROPIC_API_KEY; without it the offline investigator
  --folder DIR   keeps its files there, so that it runs beside another (default .demo)
  --rate N       customers' requests a second (default 20)
  --seed N       of load and faults (default: the time)
  --help         this text`;

const RATE = { fallback: 20, max: 200 } as const;

const usage = (message: string): OperationError =>
  new OperationError("usage", `${message}\n\n${USAGE}`);

function positive(
  name: string,
  text: string | undefined,
  limit: { fallback: number; max: number },
): number {
  if (text === undefined) return limit.fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= limit.max) return value;
  throw usage(`--${name} takes a whole number from 1 to ${limit.max}, not "${text}"`);
}

function faultNamed(name: string | undefined): FaultName | undefined {
  if (name === undefined) return undefined;
  const known = FAULT_NAMES.find((fault) => fault === name);
  if (known === undefined) throw usage(`there is no fault "${name}"`);
  return known;
}

/** Errors: `OperationError("usage")` that says what is wrong and what there is; also for `--help`. */
export function parseOptions(args: readonly string[], seedFallback: number): DemoOptions {
  const values = parsed(args);
  if (values.help === true) throw new OperationError("usage", USAGE);
  const fault = faultNamed(values.fault);
  const headless = values.headless === true;
  if (headless && fault === undefined) throw usage("--headless needs --fault NAME");
  if (values.mend === true && (fault !== undefined || headless))
    throw usage("--mend goes alone: it asks a demo that is already running");
  if (values.json !== undefined && !headless) throw usage("--json goes with --headless");
  return {
    ...(fault === undefined ? {} : { fault }),
    mend: values.mend === true,
    headless,
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
    ...(values.folder === undefined ? {} : { folder: values.folder }),
    llm: values.llm === true,
    requestsPerSecond: positive("rate", values.rate, RATE),
    seed: positive("seed", values.seed, { fallback: seedFallback, max: 2 ** 31 - 1 }),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        fault: { type: "string" },
        mend: { type: "boolean" },
        headless: { type: "boolean" },
        json: { type: "string" },
        folder: { type: "string" },
        llm: { type: "boolean" },
        rate: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

import type { Clock } from "../../clock.ts";
import { OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { author, type FaultName, type FaultTools, harmlessChange, INJECT } from "./faults.ts";
import { writeTruth } from "./truth.ts";

export interface FaultStatus {
  readonly state: "quiet" | "preparing" | "injected";
  readonly fault?: FaultName;
  /** When the fault took hold, epoch milliseconds. */
  readonly onsetMs?: number;
}

export interface InjectorOptions extends FaultTools {
  readonly clock: Clock;
  readonly log: Log;
  readonly truthFolder: string;
  /** From the harmless change to the fault. */
  readonly decoyLeadMs: number;
}

/** Breaks the shop once: first a harmless change elsewhere, then the fault, then the truth is written down. */
export class Injector {
  readonly #options: InjectorOptions;
  #status: FaultStatus = { state: "quiet" };
  #truthPath: string | undefined;

  constructor(options: InjectorOptions) {
    this.#options = options;
  }

  get status(): FaultStatus {
    return this.#status;
  }

  get truthPath(): string | undefined {
    return this.#truthPath;
  }

  async inject(fault: FaultName): Promise<FaultStatus> {
    const { clock, fleet, operations, random, log, truthFolder, decoyLeadMs } = this.#options;
    if (this.#status.state === "preparing")
      throw new OperationError("fault_under_way", "another fault is being prepared");
    const before = this.#status;
    this.#status = { state: "preparing", fault };
    try {
      const decoy = await operations.run(harmlessChange(fault, fleet, random), author(random));
      await clock.sleep(decoyLeadMs);
      const onsetMs = clock.nowMs();
      const done = await INJECT[fault](this.#options, fault);
      this.#truthPath = writeTruth(truthFolder, {
        healthy: fault === "none",
        roots: done.roots,
        onset: new Date(onsetMs).toISOString(),
        path: done.path,
        remediation: done.remediation,
        change: { id: done.change?.id ?? null, decoys: [decoy.change.id] },
        ...(done.external === undefined ? {} : { external: done.external }),
      });
      this.#status = { state: "injected", fault, onsetMs };
      log.info("fault_injected", { fault });
      return this.#status;
    } catch (error) {
      this.#status = before;
      throw error;
    }
  }
}

import type { Clock } from "../../clock.ts";
import { OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import {
  author,
  type FaultName,
  type FaultTools,
  harmlessChange,
  INJECT,
  type Injected,
} from "./faults.ts";
import { mendEverything } from "./mending.ts";
import { writeTruth } from "./truth.ts";

export interface FaultStatus {
  /** `quiet`: nothing is wrong, or what was has been cured. */
  readonly state: "quiet" | "preparing" | "injected" | "mending";
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

const HOW_TO_MEND = '"Mend everything" on the page, or npm run demo -- --mend';

/** Breaks the shop, one fault at a time: a harmless change elsewhere, then the fault, then the truth is written down. */
export class Injector {
  readonly #options: InjectorOptions;
  #status: FaultStatus = { state: "quiet" };
  #injected: Injected | undefined;
  #truthPath: string | undefined;
  /** Calls off what is being prepared. */
  #callOff = new AbortController();
  #underWay: Promise<unknown> = Promise.resolve();
  #mending: Promise<readonly string[]> | undefined;

  constructor(options: InjectorOptions) {
    this.#options = options;
  }

  get status(): FaultStatus {
    if (this.#status.state === "injected" && this.#injected?.isOn() !== true)
      return { state: "quiet" };
    return this.#status;
  }

  get truthPath(): string | undefined {
    return this.#truthPath;
  }

  /**
   * `inEffect` resolves when the fault has taken hold. Throws at once, as `OperationError("fault_refused")`, while another
   * fault is on or under way: two at a time would make every diagnosis a guess.
   */
  begin(fault: FaultName): { readonly inEffect: Promise<FaultStatus> } {
    const { state, fault: other = "", onsetMs = 0 } = this.status;
    const since = `${new Date(onsetMs).toISOString().slice(11, 19)} UTC`;
    if (state === "mending") throw refusal("the shop is being mended: try again in a few seconds");
    if (state === "preparing")
      throw refusal(`${other} is being prepared; call it off: ${HOW_TO_MEND}`);
    if (state === "injected")
      throw refusal(`${other} is on since ${since}; mend it first: ${HOW_TO_MEND}`);
    this.#status = { state: "preparing", fault };
    this.#callOff = new AbortController();
    const inEffect = this.#inject(fault, this.#callOff.signal);
    this.#underWay = inEffect.catch(() => undefined);
    return { inEffect };
  }

  async inject(fault: FaultName): Promise<FaultStatus> {
    return this.begin(fault).inEffect;
  }

  async #inject(fault: FaultName, calledOff: AbortSignal): Promise<FaultStatus> {
    const { clock, fleet, operations, random, log, truthFolder, decoyLeadMs } = this.#options;
    try {
      const decoy = await operations.run(harmlessChange(fault, fleet, random), author(random));
      await clock.sleep(decoyLeadMs, calledOff);
      calledOff.throwIfAborted();
      const onsetMs = clock.nowMs();
      const done = await INJECT[fault](this.#options, fault);
      this.#injected = done;
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
      if (this.#status.state === "preparing") this.#status = { state: "quiet" };
      if (calledOff.aborted) throw calledOffBy(error, fault);
      throw error;
    }
  }

  /** Puts everything back to how it started, and says what that took; a fault under way is called off. */
  mend(): Promise<readonly string[]> {
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = undefined;
    });
    return this.#mending;
  }

  async #mend(): Promise<readonly string[]> {
    const calledOff = this.#status.state === "preparing" ? this.#status.fault : undefined;
    this.#callOff.abort();
    await this.#underWay;
    const hidden = this.status.state === "injected" ? this.#injected?.undoHidden : undefined;
    this.#status = { state: "mending" };
    try {
      const done = await mendEverything(this.#options, hidden);
      this.#options.log.info("shop_mended", { operations: done.length });
      return calledOff === undefined ? done : [`${calledOff} was called off`, ...done];
    } finally {
      this.#injected = undefined;
      this.#status = { state: "quiet" };
    }
  }
}

const calledOffBy = (cause: unknown, fault: FaultName): OperationError =>
  new OperationError("fault_called_off", `${fault} was called off`, { cause });
const refusal = (message: string): OperationError => new OperationError("fault_refused", message);

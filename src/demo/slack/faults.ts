import type { FaultKind, MethodFault } from "./contract.ts";

interface Armed {
  readonly fault: MethodFault;
  left: number;
}

/** Which request fails how; each fault is used up by the requests that it hits. */
export class FaultSwitches {
  readonly #armed = new Map<string, Armed[]>();
  readonly #lastPostMs = new Map<string, number>();
  #limitsPosting = false;

  set(method: string, fault: MethodFault): void {
    const list = this.#armed.get(method) ?? [];
    list.push({ fault, left: fault.times ?? 1 });
    this.#armed.set(method, list);
  }

  clear(): void {
    this.#armed.clear();
    this.#lastPostMs.clear();
    this.#limitsPosting = false;
  }

  /** The fault that this request meets, if any. */
  take(method: string): MethodFault | undefined {
    for (const name of [method, "*"]) {
      const list = this.#armed.get(name);
      const first = list?.[0];
      if (first === undefined) continue;
      first.left -= 1;
      if (first.left <= 0) list?.shift();
      return first.fault;
    }
    return undefined;
  }

  limitPosting(on: boolean): void {
    this.#limitsPosting = on;
  }

  /** Whether a post to this channel comes too soon: Slack allows about one a second. */
  isTooFast(channel: string, nowMs: number): boolean {
    const last = this.#lastPostMs.get(channel) ?? 0;
    if (this.#limitsPosting && nowMs - last < 1000) return true;
    this.#lastPostMs.set(channel, nowMs);
    return false;
  }
}

/** Faults that let the request take effect before they strike. */
export function strikesAfterCommit(kind: FaultKind): boolean {
  return kind === "reset_after_commit" || kind === "slow";
}

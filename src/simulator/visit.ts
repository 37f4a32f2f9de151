import { Call } from "./call.ts";
import type { Instance } from "./instance.ts";
import type { Plan } from "./plan.ts";
import type { Failure } from "./span-form.ts";
import type { OpenSpan, TraceContext } from "./tracer.ts";

/** What a request answers that failed by itself, or because of a callee. */
const FAILED = "500";
const OVERLOADED = "503";

/** One request in one instance: own work in pieces, calls in between, one answer. */
export class Visit {
  readonly #instance: Instance;
  readonly #plan: Plan;
  readonly #context: TraceContext;
  readonly #answer: (failure: Failure) => void;
  readonly #cpuMs: number;
  readonly #waitMs: number;
  #span: OpenSpan | undefined;
  #piece = 0;
  /** Calls of the present step that have not come back. */
  #pending = 0;
  #failure: Failure;
  #isOver = false;

  constructor(
    instance: Instance,
    plan: Plan,
    context: TraceContext,
    answer: (failure: Failure) => void,
  ) {
    this.#instance = instance;
    this.#plan = plan;
    this.#context = context;
    this.#answer = answer;
    const pieces = plan.steps.length + 1;
    this.#cpuMs = (plan.cpu.draw() * plan.cpuFactor) / pieces;
    this.#waitMs = (plan.wait.draw() * plan.waitFactor) / pieces;
  }

  readonly begin = (): void => {
    if (this.#isOver) return;
    if (this.#instance.waitsHidden) this.#acquire(this.#open);
    else this.#open();
  };

  readonly #open = (): void => {
    const { environment, workers, held, waitsHidden } = this.#instance;
    if (this.#isOver) return;
    this.#span = environment.tracer.open(this.#context);
    this.#instance.countForGc();
    if (workers !== undefined && held === "request" && !waitsHidden) this.#acquire(this.#work);
    else this.#work();
  };

  #acquire(task: () => void): void {
    const { workers } = this.#instance;
    if (workers === undefined) task();
    else if (!workers.acquire(task)) this.#end(OVERLOADED, false);
  }

  readonly #work = (): void => {
    if (this.#instance.held === "work") this.#acquire(this.#burn);
    else this.#burn();
  };

  readonly #burn = (): void => {
    if (this.#isOver) return;
    if (this.#cpuMs > 0) this.#instance.share.run(this.#cpuMs, this.#pauseForOthers);
    else this.#pauseForOthers();
  };

  readonly #pauseForOthers = (): void => {
    if (this.#waitMs <= 0) {
      this.#worked();
      return;
    }
    const { environment, slowFactor } = this.#instance;
    environment.kernel.after(this.#waitMs * slowFactor, this.#waited);
  };

  readonly #waited = (): void => {
    this.#instance.whenRunning(this.#worked);
  };

  readonly #worked = (): void => {
    if (this.#isOver) return;
    const { held, workers, random } = this.#instance;
    if (held === "work") workers?.release();
    const { errorShare } = this.#plan;
    if (this.#piece === 0 && errorShare > 0 && random() < errorShare) this.#end(FAILED, true);
    else this.#step();
  };

  #step(): void {
    const calls = this.#plan.steps[this.#piece];
    this.#piece += 1;
    if (calls === undefined) {
      this.#end(undefined, true);
      return;
    }
    const { random } = this.#instance;
    const made = calls.filter((call) => call.share >= 1 || random() < call.share);
    this.#pending = made.length;
    if (made.length === 0) {
      this.#work();
      return;
    }
    const span = this.#span;
    if (span === undefined) return;
    for (const call of made) new Call(this.#instance, call, span, this.#returned).begin();
  }

  readonly #returned = (isOk: boolean): void => {
    if (this.#isOver) return;
    if (!isOk) this.#failure = FAILED;
    this.#pending -= 1;
    if (this.#pending > 0) return;
    if (this.#failure === undefined) this.#work();
    else this.#end(this.#failure, true);
  };

  /** `hasWorker`: it holds a place for the whole request. */
  #end(failure: Failure, hasWorker: boolean): void {
    const instance = this.#instance;
    this.#isOver = true;
    if (this.#span !== undefined) {
      const from = { resource: instance.resource, clockSkewMs: instance.host.clockSkewMs };
      instance.environment.tracer.close(this.#span, from, this.#plan.forms(failure));
    }
    if (hasWorker && instance.held === "request") instance.workers?.release();
    instance.forget(this);
    this.#answer(failure);
  }

  /** Its process has ended: no span is left, and the caller's connection breaks. */
  abort(): void {
    this.#isOver = true;
    this.#answer("ECONNRESET");
  }
}

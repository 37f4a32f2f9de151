import type { Callee } from "./environment.ts";
import type { Instance } from "./instance.ts";
import type { Link } from "./link.ts";
import type { PlannedCall } from "./plan.ts";
import type { Failure } from "./span-form.ts";
import type { OpenSpan, TraceContext } from "./tracer.ts";

/** Spread of a back-off around its plan, so that retries do not march in step. */
const BACKOFF_JITTER = 0.5;

/** One planned call of a visit, with its attempts. Tells once whether the visit may go on. */
export class Call {
  readonly #instance: Instance;
  readonly #planned: PlannedCall;
  readonly #parent: TraceContext;
  readonly #done: (isOk: boolean) => void;
  readonly #link: Link;
  readonly #callee: Callee;
  #attempts = 0;

  constructor(
    instance: Instance,
    planned: PlannedCall,
    parent: TraceContext,
    done: (isOk: boolean) => void,
  ) {
    this.#instance = instance;
    this.#planned = planned;
    this.#parent = parent;
    this.#done = done;
    this.#link = instance.link(planned.to);
    this.#callee = instance.environment.callee(planned.to);
  }

  begin(): void {
    const { settings } = this.#link;
    if (this.#link.open >= settings.limit) {
      this.#done(settings.onLimit === "skip");
      return;
    }
    this.#link.open += 1;
    this.#attempt();
  }

  #attempt(): void {
    this.#attempts += 1;
    new CallAttempt(this.#instance, this.#link, this.#callee, this.#planned).begin(
      this.#parent,
      this.#attempted,
    );
  }

  readonly #attempted = (failure: Failure): void => {
    if (this.#instance.isGone) return;
    const { settings } = this.#link;
    const { kernel } = this.#instance.environment;
    if (failure !== undefined && this.#attempts <= this.#link.retries) {
      const jitter = 1 + BACKOFF_JITTER * (2 * this.#instance.random() - 1);
      kernel.after(settings.backoffMs * 2 ** (this.#attempts - 1) * jitter, () =>
        this.#instance.whenRunning(() => this.#attempt()),
      );
      return;
    }
    this.#link.open -= 1;
    this.#done(failure === undefined || this.#link.isTolerant);
  };
}

/** One attempt: a connection, the way there and back, and the caller's patience. */
class CallAttempt {
  readonly #instance: Instance;
  readonly #link: Link;
  readonly #callee: Callee;
  readonly #planned: PlannedCall;
  #span: OpenSpan | undefined;
  #attempted: ((failure: Failure) => void) | undefined;
  #hasConnection = false;

  constructor(instance: Instance, link: Link, callee: Callee, planned: PlannedCall) {
    this.#instance = instance;
    this.#link = link;
    this.#callee = callee;
    this.#planned = planned;
  }

  begin(parent: TraceContext, attempted: (failure: Failure) => void): void {
    this.#attempted = attempted;
    const { pool, settings } = this.#link;
    const poolWait = settings.poolWait ?? this.#callee.poolWait;
    const connected = (): void => {
      if (this.#attempted === undefined) {
        pool?.release();
        return;
      }
      this.#hasConnection = true;
      if (this.#span === undefined) this.#open(parent);
      this.#send();
    };
    if (pool === undefined || poolWait === "in-span") this.#open(parent);
    if (pool === undefined) this.#send();
    else if (!pool.acquire(connected)) this.#settle("overloaded");
  }

  #open(parent: TraceContext): void {
    const { environment } = this.#instance;
    this.#span = environment.tracer.open(parent);
    const { timeoutMs } = this.#link;
    if (timeoutMs < Number.POSITIVE_INFINITY) environment.kernel.after(timeoutMs, this.#timeOut);
  }

  readonly #timeOut = (): void => {
    if (this.#attempted !== undefined) this.#instance.whenRunning(() => this.#settle("timeout"));
  };

  #send(): void {
    const { what, factor } = this.#planned;
    const span = this.#span;
    if (span === undefined) return;
    const { delayMs, lossShare } = this.#link.settings;
    if (lossShare > 0 && this.#instance.random() < lossShare) return;
    this.#callee.call(
      { from: this.#instance, what, context: span, factor, delayMs },
      this.#answered,
    );
  }

  readonly #answered = (failure: Failure): void => {
    if (this.#attempted !== undefined) this.#instance.whenRunning(() => this.#settle(failure));
  };

  #settle(failure: Failure): void {
    const attempted = this.#attempted;
    if (attempted === undefined) return;
    this.#attempted = undefined;
    const { environment, resource, host, isGone } = this.#instance;
    if (this.#span !== undefined && !isGone) {
      const form = this.#callee.forms(this.#planned.what)(failure);
      environment.tracer.close(this.#span, { resource, clockSkewMs: host.clockSkewMs }, form);
    }
    const { hold } = this.#planned;
    if (hold === undefined || failure !== undefined) {
      this.#disconnect();
      attempted(failure);
      return;
    }
    environment.kernel.after(hold.draw(), () => {
      this.#disconnect();
      this.#instance.whenRunning(() => attempted(undefined));
    });
  }

  #disconnect(): void {
    if (this.#hasConnection) this.#link.pool?.release();
    this.#hasConnection = false;
  }
}

import type { Environment } from "./environment.ts";
import { type Sampler, samplerOf } from "./random.ts";
import { type SpanForms, servedForms } from "./span-form.ts";
import type { Behaviour, CallSpec, OperationSpec } from "./system-spec.ts";

/** How one version serves one operation, with what flags add. */
export interface Plan {
  readonly operation: string;
  readonly cpu: Sampler;
  readonly wait: Sampler;
  readonly cpuFactor: number;
  readonly waitFactor: number;
  readonly errorShare: number;
  readonly steps: readonly (readonly PlannedCall[])[];
  readonly forms: SpanForms;
}

export interface PlannedCall {
  readonly to: string;
  readonly what: string;
  readonly share: number;
  readonly hold: Sampler | undefined;
  /** The callee takes this many times as long. */
  readonly factor: number;
}

/** Everything about an operation that versions and flags leave alone; its random streams live on. */
export interface PlanSource {
  readonly service: string;
  readonly spec: OperationSpec;
  readonly cpu: Sampler;
  readonly wait: Sampler;
  readonly forms: SpanForms;
}

export function planSource(
  environment: Environment,
  service: string,
  spec: OperationSpec,
  queueSystem: string,
): PlanSource {
  const label = `${service} ${spec.name}`;
  return {
    service,
    spec,
    cpu: samplerOf(spec.cpu, environment.random(`${label} cpu`)),
    wait: samplerOf(spec.wait, environment.random(`${label} wait`)),
    forms: servedForms(service, spec.name, queueSystem),
  };
}

const product = (factors: readonly (number | undefined)[]): number =>
  factors.reduce<number>((total, factor) => total * (factor ?? 1), 1);

export function planOf(
  environment: Environment,
  { service, spec, cpu, wait, forms }: PlanSource,
  all: readonly Behaviour[],
): Plan {
  const behaviours = all.filter((one) => one.operations?.includes(spec.name) ?? true);
  const skipped = new Set(behaviours.flatMap((one) => one.skips ?? []));
  const extra = behaviours.flatMap((one) => one.extraCalls ?? []).map((call) => [call]);
  const planned = (call: CallSpec): PlannedCall => ({
    to: call.to,
    what: call.what,
    share: call.share ?? 1,
    hold:
      call.hold === undefined
        ? undefined
        : samplerOf(call.hold, environment.random(`${service} ${spec.name} hold ${call.to}`)),
    factor: product(behaviours.map((one) => one.calleeFactor?.[call.to])),
  });
  return {
    operation: spec.name,
    cpu,
    wait,
    cpuFactor: product(behaviours.map((one) => one.cpuFactor)),
    waitFactor: product(behaviours.map((one) => one.waitFactor)),
    errorShare: behaviours.reduce(
      (total, one) => total + (one.errorShare ?? 0),
      spec.errorShare ?? 0,
    ),
    steps: [...(spec.steps ?? []), ...extra]
      .map((step) => step.filter((call) => !skipped.has(call.to)).map(planned))
      .filter((step) => step.length > 0),
    forms,
  };
}

import type { Finding } from "./diagnosis.ts";
import type { PlaceEvidence } from "./places/place-evidence.ts";

/** Scores below this are not worth a reader's time. */
const TOLD_MIN = 2;

/** What a place's metrics say against it, in words with raw numbers. */
export function placeFindings({
  name,
  shift,
  ownMs,
  ownErrors,
  gauge,
}: PlaceEvidence): readonly Finding[] {
  const findings: Finding[] = [];
  const { latency, errors } = shift;
  if (latency !== undefined && latency.shift.score > TOLD_MIN && latency.addedMs > 0) {
    findings.push({
      kind: "latency",
      text: `requests at ${name} took {{before}} and now {{after}}; {{own}} of that no callee explains`,
      values: {
        before: { value: latency.beforeMs, unit: "ms" },
        after: { value: latency.beforeMs + latency.addedMs, unit: "ms" },
        own: { value: ownMs, unit: "ms" },
        deviation: { value: latency.shift.score, unit: "none" },
      },
      traceIds: [],
    });
  }
  if (errors?.isShare === true && errors.shift.score > TOLD_MIN) {
    findings.push({
      kind: "errors",
      text: `failures at ${name} rose from {{before}} to {{after}} of requests; {{own}} no callee explains`,
      values: {
        before: { value: errors.shift.before, unit: "ratio" },
        after: { value: errors.shift.after, unit: "ratio" },
        own: { value: ownErrors, unit: "ratio" },
      },
      traceIds: [],
    });
  }
  if (gauge !== undefined) {
    findings.push({
      kind: "saturation",
      text: `${gauge.metric} of ${name} went from {{before}} to {{after}}`,
      values: {
        before: { value: gauge.shift.before, unit: gauge.unit },
        after: { value: gauge.shift.after, unit: gauge.unit },
        deviation: { value: gauge.badness, unit: "none" },
      },
      traceIds: [],
    });
  }
  return findings;
}

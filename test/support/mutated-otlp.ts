import type { OtlpEncoding } from "../../src/telemetry/otlp/decode.ts";
import type { OtlpKind } from "../../src/telemetry/otlp/frame.ts";
import { seeded } from "../bench/system/seeded.ts";
import {
  logsJson,
  logsProtobuf,
  metricsJson,
  metricsProtobuf,
  tracesJson,
  tracesProtobuf,
} from "../telemetry/otlp/payloads.ts";

export interface MutatedBody {
  readonly kind: OtlpKind;
  readonly encoding: OtlpEncoding;
  readonly body: Buffer;
}

/** A whole number below another. */
type Draw = (below: number) => number;

/** Values at which lengths, tags and numbers go wrong. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x22, 0x5b, 0x7b, 0x7d];

const MUTATIONS: readonly ((body: Buffer, draw: Draw) => Buffer)[] = [
  (body, draw) => {
    const at = draw(body.length);
    body[at] = (body[at] ?? 0) ^ (1 << draw(8));
    return body;
  },
  (body, draw) => {
    body[draw(body.length)] = EDGES[draw(EDGES.length)] ?? 0;
    return body;
  },
  (body, draw) => body.subarray(0, draw(body.length)),
  (body, draw) => {
    const at = draw(body.length);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + draw(16))]);
  },
  (body, draw) => {
    const [from, to] = [draw(body.length), draw(body.length)];
    const piece = body.subarray(from, from + 1 + draw(64));
    return Buffer.concat([body.subarray(0, to), piece, body.subarray(to)]);
  },
  (body, draw) => {
    const at = draw(body.length);
    const noise = Buffer.from(Array.from({ length: 1 + draw(12) }, () => draw(256)));
    return Buffer.concat([body.subarray(0, at), noise, body.subarray(at)]);
  },
];

/** Export requests of the OpenTelemetry SDK, each damaged in one or two places. */
export function* mutatedBodies(count: number, seed: number): Generator<MutatedBody, void, void> {
  const originals: readonly MutatedBody[] = [
    { kind: "traces", encoding: "protobuf", body: tracesProtobuf(4) },
    { kind: "metrics", encoding: "protobuf", body: metricsProtobuf(2) },
    { kind: "logs", encoding: "protobuf", body: logsProtobuf(4) },
    { kind: "traces", encoding: "json", body: tracesJson(4) },
    { kind: "metrics", encoding: "json", body: metricsJson(2) },
    { kind: "logs", encoding: "json", body: logsJson(4) },
  ];
  const random = seeded(seed);
  const draw: Draw = (below) => Math.floor(random() * below);
  for (let made = 0; made < count; made += 1) {
    const original = originals[made % originals.length];
    if (original === undefined) return;
    let body: Buffer = Buffer.from(original.body);
    for (let times = 1 + draw(2); times > 0 && body.length > 0; times -= 1)
      body = MUTATIONS[draw(MUTATIONS.length)]?.(body, draw) ?? body;
    yield { ...original, body };
  }
}

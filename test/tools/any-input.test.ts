// For any tool, any input that its door lets in, and any small world: an answer or a refusal within the limits.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Signal } from "../../src/model/signal.ts";
import type { EvidenceDraft } from "../../tools/define-tool.ts";
import { catalogue, runTool, TOOLS } from "../../tools/registry.ts";
import * as samples from "../slack/samples.ts";
import type { Call, Visit } from "../support/spans.ts";
import { checkLawful, testRegistry } from "./lawful.ts";
import {
  at,
  buildWorld,
  CHECKOUT,
  changeSignal,
  contextOf,
  gaugeSignal,
  logSignal,
} from "./tool-world.ts";

const NAMES = [
  "gateway",
  "cart",
  "db",
  "psp",
  "node-1",
  "</x> do it",
  "{{e1.y}}",
  "\u202eabc",
  "é界",
];
const WORDS = [
  ...NAMES,
  "gateway->cart",
  "instance:cart-0",
  "gateway GET /",
  "GET /",
  "slo-1",
  "e1",
  "now",
  "30s ago",
  "02:00:20",
  "1 d ago",
  "heap",
  "->",
  "",
];

const nameArb = fc.constantFrom(...NAMES);
const wordArb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 220 }) },
);

type Schema = Readonly<Record<string, unknown>>;

function numberArb(schema: Schema): fc.Arbitrary<number> {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  const [min, max] = [minimum ?? -10, maximum ?? 1e6];
  return schema.type === "integer"
    ? fc.integer({ min, max })
    : fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
}

/** Inputs by the JSON schema that the model is sent. */
function inputArb(schema: Schema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.oneOf)) return fc.oneof(...schema.oneOf.map(inputArb));
  switch (schema.type) {
    case "string":
      return wordArb;
    case "array": {
      const { minItems = 0, maxItems = 3 } = schema as { minItems?: number; maxItems?: number };
      return fc.array(inputArb(schema.items as Schema), {
        minLength: minItems,
        maxLength: Math.min(maxItems, 3),
      });
    }
    case "object": {
      const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
      const required = (schema.required ?? []) as string[];
      return fc.record(Object.fromEntries(fields.map(([key, field]) => [key, inputArb(field)])), {
        requiredKeys: required,
      });
    }
    default:
      return numberArb(schema);
  }
}

const callArb = fc.oneof(
  ...catalogue().map(({ name, inputSchema }) =>
    fc.record({ name: fc.constant(name), input: inputArb(inputSchema) }),
  ),
);

const outsideArb: fc.Arbitrary<Call> = fc.record({
  to: fc.oneof(
    fc.record({ database: nameArb, what: nameArb, ms: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ external: nameArb, ms: fc.integer({ min: 0, max: 900 }), error: fc.boolean() }),
    fc.record({ queue: nameArb, ms: fc.integer({ min: 0, max: 5 }) }),
  ),
  gapMs: fc.integer({ min: 0, max: 20 }),
});
const serviceArb = (depth: number): fc.Arbitrary<Visit> =>
  fc.record({
    service: depth === 2 ? fc.constant("gateway") : nameArb,
    instance: fc.constantFrom("a", "b", "</x>"),
    version: fc.constantFrom("1", "2", "{{z}}"),
    host: nameArb,
    zone: nameArb,
    operation: depth === 2 ? fc.constantFrom("GET /", "POST /x") : nameArb,
    selfMs: fc.integer({ min: 0, max: 200 }),
    error: fc.oneof(fc.boolean(), nameArb),
    calls: fc.array(
      depth === 0
        ? outsideArb
        : fc.oneof(outsideArb, fc.record({ to: serviceArb(depth - 1), refused: fc.boolean() })),
      { maxLength: 3 },
    ),
  });

const signalArb: fc.Arbitrary<Signal> = fc.oneof(
  fc
    .record({
      atS: fc.integer({ min: -60, max: 40 }),
      entity: nameArb,
      kind: fc.constantFrom("deploy", "config", "flag", "scale", "other" as const),
      value: nameArb,
    })
    .map(({ atS, entity, kind, value }) =>
      changeSignal(atS, {
        entity,
        kind,
        summary: value,
        attributes: { version: value, setting: value, flag: value, variant: value, replicas: 3 },
      }),
    ),
  fc
    .record({ atS: fc.integer({ min: 0, max: 40 }), name: nameArb, severity: fc.nat(24) })
    .map(({ atS, name, severity }) => logSignal(atS, name, { body: `${name} ${atS}`, severity })),
  fc
    .record({ atS: fc.integer({ min: 0, max: 40 }), name: nameArb, value: fc.double() })
    .map(({ atS, name, value }) => gaugeSignal(atS, name, { name: "heap", value })),
);

const worldArb = fc
  .record({
    visits: fc.array(serviceArb(2), { minLength: 1, maxLength: 4 }),
    seconds: fc.constantFrom(0, 10, 45),
    rate: fc.integer({ min: 1, max: 4 }),
    signals: fc.array(signalArb, { maxLength: 10 }),
  })
  .map(({ visits, ...plan }) => ({
    ...plan,
    visit: (request: number): Visit =>
      visits[request % visits.length] ?? { service: "gateway", operation: "GET /", selfMs: 1 },
    slos: [{ ...CHECKOUT, id: "slo-1", operation: "GET /" }],
  }));

const item: EvidenceDraft = {
  kind: "cause",
  about: "cart",
  text: "cart is slow",
  values: { x: { value: 1, unit: "ms" } },
};

test("runTool answers within its limits and never throws", async () => {
  const registry = testRegistry();
  let letIn = 0;
  const property = fc.asyncProperty(
    worldArb,
    fc.array(callArb, { minLength: 8, maxLength: 16 }),
    async (plan, calls) => {
      const context = contextOf(buildWorld(plan), {
        nowMs: at(plan.seconds + 10),
        evidence: (id) => (id === "e1" ? item : undefined),
        ledger: () =>
          Promise.resolve([
            { proposal: samples.proposal(at(0)), state: "done", outcome: samples.outcome() },
          ]),
      });
      for (const { name, input } of calls) {
        const result = await runTool(registry, context, name, input);
        const tool = registry.tools.get(name);
        checkLawful(result, tool);
        expect(result.ok ? "" : `${name} ${result.code}`).not.toContain("tool_failed");
        if (tool?.input.safeParse(input).success === true) letIn += 1;
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
  expect(letIn).toBeGreaterThan(300);
});

test("runTool never throws for what is no input at all", async () => {
  const registry = testRegistry();
  const context = contextOf(buildWorld({ seconds: 0, rate: 1, visit: () => bare }));
  const toolArb = fc.constantFrom(...TOOLS.map((tool) => tool.name), "no_such_tool", "");
  const property = fc.asyncProperty(toolArb, fc.anything(), async (name, input) => {
    checkLawful(await runTool(registry, context, name, input), registry.tools.get(name));
  });
  await fc.assert(property, { numRuns: 300 });
});

const bare: Visit = { service: "gateway", operation: "GET /", selfMs: 1 };

import type { AnyTool, ToolEffect } from "../../tools/define-tool.ts";
import { catalogue } from "../../tools/registry.ts";

type Schema = Readonly<Record<string, unknown>>;

const EFFECTS: Readonly<Record<ToolEffect, string>> = {
  read: "reads; nothing changes",
  notify: "writes to the incident's record, where responders see it",
  propose: "puts an action before a human; nothing is executed without an approval",
};

function rangeText({ minimum, maximum }: Schema): string {
  if (minimum === undefined && maximum === undefined) return "";
  return ` ${minimum ?? ""}–${maximum ?? ""}`;
}

function listText(schema: Schema): string {
  const { minItems, maxItems } = schema;
  const count = maxItems === undefined ? "" : `${minItems ?? 0}–${maxItems} `;
  return `list of ${count}${typeText(schema.items as Schema)}`;
}

/** `number 1–60`, `"slow" \| "error"`, `list of 1–3 string`. */
function typeText(schema: Schema): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum))
    return schema.enum.map((one) => JSON.stringify(one)).join(" \\| ");
  if (Array.isArray(schema.oneOf)) return "one of the forms below";
  if (schema.type === "array") return listText(schema);
  if (schema.type === "integer") return `whole number${rangeText(schema)}`;
  return `${String(schema.type)}${rangeText(schema)}`;
}

function needText(schema: Schema, isRequired: boolean): string {
  if (schema.default !== undefined) return `default ${JSON.stringify(schema.default)}`;
  return isRequired ? "yes" : "no";
}

/** Alternatives inside a field, each as `type` with its further fields. */
function formsOf(schema: Schema): readonly string[] {
  if (Array.isArray(schema.oneOf)) {
    return schema.oneOf.map((form: Schema) => {
      const required = (form.required ?? []) as readonly string[];
      const fields = Object.entries(form.properties as Record<string, Schema>).map(
        ([key, field]) => `${key}${required.includes(key) ? "" : "?"}: ${typeText(field)}`,
      );
      return `\`{ ${fields.join(", ").replaceAll("\\|", "|")} }\``;
    });
  }
  return schema.type === "array" ? formsOf(schema.items as Schema) : [];
}

function section(tool: AnyTool, inputSchema: Schema): string {
  const properties = Object.entries((inputSchema.properties ?? {}) as Record<string, Schema>);
  const required = (inputSchema.required ?? []) as readonly string[];
  const rows = properties.map(
    ([key, field]) =>
      `| \`${key}\` | ${typeText(field)} | ${needText(field, required.includes(key))} | ${String(field.description ?? "")} |`,
  );
  const forms = properties.flatMap(([key, field]) => {
    const list = formsOf(field);
    return list.length === 0
      ? []
      : ["", `Forms of \`${key}\`:`, "", ...list.map((one) => `- ${one}`)];
  });
  return [
    `## ${tool.name}`,
    "",
    tool.description,
    "",
    `Effect: ${EFFECTS[tool.effect]}. Time-out: ${tool.timeoutMs / 1000} s.`,
    "",
    "| input | type | required | meaning |",
    "| --- | --- | --- | --- |",
    ...rows,
    ...forms,
    "",
  ].join("\n");
}

/** docs/reference/tools.md, made from what the model is sent. */
export function toolsPage(tools: readonly AnyTool[]): string {
  const schemas = new Map(catalogue(tools).map((one) => [one.name, one.inputSchema]));
  return [
    "# Tools",
    "",
    "What Orrery can look at, ask and put before a human. The agent calls these; so do commands and buttons. Made from the",
    "catalogue by `UPDATE_REFERENCE=1 npx vitest run --project unit test/tools/reference.test.ts`; a test fails when it is stale.",
    "",
    "Names are found as people write them (`cart`, `instance:cart-0`, `gateway->cart`, `POST /checkout`). `at` asks for a past",
    "instant; without it a tool reads the system as it is now. An answer holds data, citable evidence, and notes on what was cut",
    "or not seen; it takes at most 6 KB. A refusal holds a code, what to do, and names that are alike.",
    "",
    ...tools.map((tool) => section(tool, schemas.get(tool.name) ?? {})),
  ].join("\n");
}

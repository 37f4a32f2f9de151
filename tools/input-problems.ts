import type { z } from "zod";
import { refuse } from "./answer.ts";
import type { AnyTool, ToolRefusal } from "./define-tool.ts";
import { untrustedText } from "./untrusted.ts";

/** Limit: problems told at once. */
const PROBLEMS_MAX = 4;

type Issue = z.core.$ZodIssue;

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");

/** The fields that an object schema has. */
export function fieldsOf({ input }: AnyTool): readonly string[] {
  return "shape" in input && typeof input.shape === "object" && input.shape !== null
    ? Object.keys(input.shape)
    : [];
}

function words(issue: Issue, tool: AnyTool): string {
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? `; it takes ${fieldsOf(tool).join(", ")}` : "";
    return `has no field ${issue.keys.join(", ")}${known}`;
  }
  if (issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options)) {
    return `must be one of ${issue.options.map(String).join(", ")}`;
  }
  const message = issue.message.replace(/^Invalid input: /, "");
  if (message.endsWith("received undefined")) return "is missing";
  return `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
}

/** What is wrong with an input, field by field, so that the next call can be right. */
export function inputProblems(tool: AnyTool, error: z.ZodError): ToolRefusal {
  const problems = error.issues.slice(0, PROBLEMS_MAX).map((issue) => {
    const where = pathText(issue.path).replace(/^\./, "");
    return untrustedText(`${where === "" ? "the input" : where} ${words(issue, tool)}`, 200);
  });
  return refuse("input_invalid", `${tool.name}: ${problems.join("; ")}.`);
}

import type { EvidenceRow, Look } from "./transcript.ts";

/** The clause of an evidence item as a citation: its values by placeholder, its id behind. */
export function cited(row: EvidenceRow): string {
  return `${placed(row, row.text)} [${row.id}]`;
}

/** Text that code wrote about an evidence item, its `{{key}}` as citations of it. */
export function placed(row: EvidenceRow, text: string): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (hole, key: string) =>
    Object.hasOwn(row.values, key) ? `{{${row.id}.${key}}}` : hole,
  );
}

/** A value of an evidence item, or nothing where it was not measured. */
export function value(row: EvidenceRow | undefined, key: string): string | undefined {
  return row !== undefined && Object.hasOwn(row.values, key) ? `{{${row.id}.${key}}}` : undefined;
}

/** A clause with its full stop. Clauses may begin with a name, which keeps its case. */
export function sentence(clause: string): string {
  const text = clause.trim();
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

export function bullets(clauses: readonly string[]): string {
  return clauses
    .filter((clause) => clause !== "")
    .map((clause) => `- ${sentence(clause)}`)
    .join("\n");
}

/** Paragraphs, without those that are empty. */
export function paragraphs(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part.trim() !== "").join("\n\n");
}

/** What a tool refused, and what would have been understood. */
export function refusalText({ code, message, didYouMean }: Look): string {
  if (code === "time_in_future")
    return "That time is still to come, and I can only look back. For what may come, ask what would happen if.";
  const near = didYouMean.length === 0 ? "" : ` Did you mean ${didYouMean.join(", ")}?`;
  return `${sentence(message)}${near}`;
}

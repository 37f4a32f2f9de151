/** `either`: slow or failing; `gauge`: something else, or nothing that is known. */
export type PagedKind = "latency" | "errors" | "either" | "gauge";

/** What a page says of the trouble. Untrusted text is compared with, never shown. */
export interface PagedSymptom {
  readonly detectedMs: number;
  /** As the pager named it; "" when it named nothing. */
  readonly entity: string;
  /** The entry operation, where it names one. */
  readonly operation: string;
  readonly kind: PagedKind;
  /** Everything that it says, for names and words. */
  readonly text: string;
}

const ERRORS = /error|fail|availab|5xx|success|reject|unauthor|exception|refus/i;
const LATENCY = /latency|slow|duration|response.?time|delay|\bp9\d/i;

/** The kind of signal that a page is about, from its signal's name, else from its title. */
export function pagedKind(signal: string, title: string): PagedKind {
  for (const text of [signal, title]) {
    const [failing, slow] = [ERRORS.test(text), LATENCY.test(text)];
    if (failing && slow) return "either";
    if (failing) return "errors";
    if (slow) return "latency";
  }
  return "gauge";
}

export const fitsPage = (kind: "latency" | "errors" | "gauge", paged: PagedKind): boolean =>
  kind === paged || (paged === "either" && kind !== "gauge");

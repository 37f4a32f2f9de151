/** One answer to a case, as a line of an answers file holds it. */
export interface Answer {
  readonly id: string;
  readonly delay_s?: number;
  /** Best first; probabilities sum to at most 1, the rest is "none of these". */
  readonly ranking?: readonly { readonly entity: string; readonly p?: number }[];
  /** The guilty change; null: none is guilty. Absent: not asked. */
  readonly change?: string | null;
  readonly ms?: number;
}

/** The label of a case, for the scorer alone. */
export interface Truth {
  readonly healthy?: boolean;
  readonly roots?: readonly Root[];
  readonly change?: { readonly id?: string | null; readonly decoys?: readonly string[] };
  /** Causes outside the system: naming one is no false alarm. */
  readonly external?: readonly string[];
  readonly purpose?: string;
}

export interface Root {
  readonly entity: string;
  readonly aliases?: readonly string[];
  readonly fault?: string;
}

/** How names are compared: upper and lower case, and blanks around them, do not matter. */
export const normalName = (name: unknown): string => String(name).trim().toLowerCase();

export const namesOfRoot = (root: Root): ReadonlySet<string> =>
  new Set([root.entity, ...(root.aliases ?? [])].map(normalName));

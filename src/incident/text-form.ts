import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Answer } from "./contract.ts";

/** The named groups of a pattern that matched. */
export type Groups = Readonly<Record<string, string | undefined>>;

/** One way of asking for one kind of intervention. */
export interface TextForm {
  readonly pattern: RegExp;
  read(groups: Groups, view: WorldView): Answer<Intervention>;
}

/** A name as people give it, with or without a word for what it is. */
export const NAME = String.raw`(?:the )?(?:service |instance |pod |node |host |zone )?(?<name>\S+?)(?: service| instance| pod| node)?`;
export const COUNT = String.raw`(?<count>\d{1,9})`;
export const NUMBER = String.raw`(?<number>\d{1,6}(?:[.,]\d{1,3})?)`;
/** The two ends of calls: `orders->shop`, `from orders to shop`. */
export const LINK = String.raw`(?:of |from |between )?(?<caller>[^\s>]+?)(?:\s*(?:->|→|=>)\s*| (?:to|and) )(?<callee>\S+)`;

/** The whole text must be it, in any case. */
export function form(pattern: string, read: TextForm["read"]): TextForm {
  return { pattern: new RegExp(`^${pattern}$`, "i"), read };
}

export function found(intervention: Intervention): Answer<Intervention> {
  return { ok: true, data: intervention };
}

/** A decimal as people write it. Contract: the patterns let nothing but digits and one separator through. */
export function numberOf(text: string | undefined): number {
  return Number((text ?? "").replace(",", "."));
}

import type { Inline } from "./inline.js";

export interface TextBlock {
  readonly type: string;
  readonly text?: string;
  readonly level?: number;
  readonly ordered?: boolean;
  readonly start?: number;
  readonly children?: readonly Inline[];
  readonly blocks?: readonly TextBlock[];
  readonly items?: readonly {
    readonly children: readonly Inline[];
    readonly blocks: readonly TextBlock[];
  }[];
  readonly rows?: readonly (readonly (readonly Inline[])[])[];
  readonly align?: readonly string[];
}
export function parseMarkdown(text: string): readonly TextBlock[];
export function parseMrkdwnBlocks(text: string): readonly TextBlock[];

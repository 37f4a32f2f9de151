export interface Inline {
  readonly type: string;
  readonly text?: string;
  readonly url?: string;
  readonly id?: string;
  readonly label?: string;
  readonly seconds?: number;
  readonly format?: string;
  readonly children?: readonly Inline[];
}
export function decodeEntities(text: string): string;
export function safeUrl(address: string): string | undefined;
export function parseMrkdwn(text: string): readonly Inline[];
export function parseMarkdownInline(text: string): readonly Inline[];

export interface TypedWord {
  readonly kind: "command" | "argument" | "person" | "channel";
  readonly start: number;
  readonly query: string;
  readonly command?: string;
}
export interface Known {
  readonly commands: readonly {
    readonly command: string;
    readonly usage: string;
    readonly description: string;
    readonly actions: readonly { readonly name: string; readonly description: string }[];
  }[];
  readonly people: readonly { readonly name: string; readonly realName: string }[];
  readonly channels: readonly {
    readonly kind: string;
    readonly name: string;
    readonly topic: string;
  }[];
}
export interface Suggestion {
  readonly match: string;
  readonly insert: string;
  readonly title: string;
  readonly note: string;
}
export function typedWord(text: string, cursor: number): TypedWord | undefined;
export function suggestions(typed: TypedWord, known: Known): readonly Suggestion[];
export function splitCommand(text: string): { command: string; text: string } | undefined;

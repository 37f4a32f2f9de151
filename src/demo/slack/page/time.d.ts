export function msOf(ts: string): number;
export function clockTime(ms: number): string;
export function fullTime(ms: number): string;
export function dayKey(ms: number): string;
export function dayName(ms: number, nowMs: number): string;
export function relativeTime(ms: number, nowMs: number): string;
export function slackDate(seconds: number, format: string, nowMs: number): string;

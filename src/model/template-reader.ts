import type { FrameSlice } from "./column-reader.ts";
import type { EntityId } from "./entity.ts";
import type { StoredTemplate } from "./log-store.ts";
import type { LogTemplateWindow } from "./view.ts";

/** Templates seen in a window, most frequent first. */
export function readTemplates(
  slice: FrameSlice,
  templates: readonly StoredTemplate[],
  query: {
    readonly idOf: (entity: number) => EntityId;
    readonly asOfMs: number;
    readonly service?: EntityId;
  },
): readonly LogTemplateWindow[] {
  const counts = new Map<number, Float64Array>();
  slice.frames.forEach((frame, at) => {
    frame.templates.forEach((template, row) => {
      const column = counts.get(template) ?? new Float64Array(slice.frames.length);
      counts.set(template, column);
      column[at] = frame.templateCounts[row] ?? 0;
    });
  });
  const total = (column: Float64Array): number => column.reduce((sum, count) => sum + count, 0);
  return [...counts]
    .flatMap(([index, count]) => {
      const template = templates[index];
      if (template === undefined) return [];
      const service = query.idOf(template.service);
      if (query.service !== undefined && service !== query.service) return [];
      const { id, text, severity, firstSeenMs } = template;
      const samples = template.samples.filter((sample) => sample.timeMs <= query.asOfMs);
      const { fromMs, stepMs, frames } = slice;
      const window = {
        fromMs,
        stepMs,
        length: frames.length,
        id,
        service,
        template: text,
        severity,
      };
      return [{ ...window, count, firstSeenMs, samples }];
    })
    .sort((a, b) => total(b.count) - total(a.count) || (a.id < b.id ? -1 : 1));
}

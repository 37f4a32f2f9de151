import type { LogReading, Readings } from "../model/causes/places/readings.ts";
import type { Attributes, EntityId } from "../model/entity.ts";
import { wordsOf } from "../model/log-template.ts";
import {
  type PreviousPoint,
  readPoint,
  remember,
  type SeriesKind,
} from "../model/metric-reading.ts";
import type { LogRecord, MetricPoint } from "../model/signal.ts";
import type { SeriesWindow } from "../model/view.ts";
import type { CaseRecord } from "./case-folder.ts";
import { senderEntity } from "./sender-entity.ts";

/** Limit: series and kinds of log line of one case. */
const SERIES_MAX = 60_000;
const LOG_KINDS_MAX = 20_000;
const TEXT_CHARS_MAX = 600;

interface OpenSeries {
  readonly entity: EntityId;
  readonly metric: string;
  readonly unit: string;
  readonly kind: SeriesKind;
  readonly attributes: Attributes;
  readonly timesMs: number[];
  readonly values: number[];
}

/** Makes series of points that come in order of time, as the live model would. */
class SeriesFolder {
  readonly #series = new Map<string, OpenSeries>();
  readonly #before = new Map<string, PreviousPoint>();

  add(entity: EntityId, point: MetricPoint): void {
    const stream = `${entity}|${point.name}|${JSON.stringify(point.attributes)}`;
    for (const reading of readPoint(point, this.#before.get(stream))) {
      const key = `${stream}|${reading.suffix}`;
      const known = this.#series.get(key);
      if (known !== undefined) {
        known.timesMs.push(point.timeMs);
        known.values.push(reading.value);
      } else if (this.#series.size < SERIES_MAX) {
        this.#series.set(key, {
          entity,
          metric: `${point.name}${reading.suffix}`,
          unit: reading.unit,
          kind: reading.kind,
          attributes: point.attributes,
          timesMs: [point.timeMs],
          values: [reading.value],
        });
      }
    }
    this.#before.set(stream, remember(point));
  }

  all(): readonly SeriesWindow[] {
    return Array.from(this.#series.values(), (one) => ({
      ...one,
      timesMs: Float64Array.from(one.timesMs),
      values: Float64Array.from(one.values),
    }));
  }
}

interface OpenLog {
  readonly entity: EntityId;
  readonly severity: number;
  readonly text: string;
  readonly timesMs: number[];
}

function foldLogs(record: CaseRecord): readonly LogReading[] {
  const kinds = new Map<string, OpenLog>();
  const note = (entity: EntityId, { body, severity, timeMs }: LogRecord): void => {
    const key = `${entity}|${severity >= 17 ? 17 : severity >= 13 ? 13 : 0}|${wordsOf(body).join(" ")}`;
    const known = kinds.get(key);
    if (known !== undefined) known.timesMs.push(timeMs);
    else if (kinds.size < LOG_KINDS_MAX) {
      const text = body.slice(0, TEXT_CHARS_MAX);
      kinds.set(key, { entity, severity, text, timesMs: [timeMs] });
    }
  };
  for (const { resource, records } of record.telemetry.logs) {
    const entity = senderEntity(resource);
    if (entity !== undefined) for (const one of records) note(entity, one);
  }
  return Array.from(kinds.values(), (one) => ({
    ...one,
    timesMs: Float64Array.from(one.timesMs),
    counts: new Float64Array(one.timesMs.length).fill(1),
  }));
}

/** A case's metrics and logs at their own resolution and for as long as they were recorded. */
export function caseReadings(record: CaseRecord): Readings {
  const folder = new SeriesFolder();
  for (const { resource, points } of record.telemetry.metrics) {
    const entity = senderEntity(resource);
    if (entity === undefined) continue;
    for (const point of points) folder.add(entity, point);
  }
  return { series: folder.all(), logs: foldLogs(record) };
}

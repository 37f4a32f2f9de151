import { cleanText, redact } from "../redact.ts";
import { textHash } from "./attribute-text.ts";
import { Changed } from "./changed.ts";
import type { EntityId } from "./entity.ts";
import type { TemplateRow } from "./journal/fact.ts";
import { generalise, similarity, WILDCARD, wordsOf } from "./log-template.ts";
import type { LogRecord } from "./signal.ts";

/** Limit: templates of one service; what fits none of them counts as "other". */
export const TEMPLATES_PER_SERVICE_MAX = 200;
/** Limit: templates in all. */
const TEMPLATES_MAX = 10_000;
/** A text belongs to a template when this share of its words is the same (Drain, ICWS 2017). */
const SIMILARITY_MIN = 0.6;
const SAMPLES_MAX = 3;
const SAMPLE_CHARS_MAX = 200;
const TEMPLATE_CHARS_MAX = 400;

interface LogSample {
  readonly text: string;
  readonly traceId: string;
  readonly timeMs: number;
}

/** Replaced, never changed, so that a view keeps what it saw. */
export interface StoredTemplate {
  readonly id: string;
  readonly service: number;
  readonly words: readonly string[];
  readonly text: string;
  readonly severity: number;
  readonly firstSeenMs: number;
  readonly samples: readonly LogSample[];
  /** Texts that are compared with it: their severity band, length and first word. */
  readonly group: string;
}

interface ServiceTemplates {
  /** Templates by severity band, length and first word: a text is compared with few. */
  readonly groups: Map<string, number[]>;
  count: number;
  overflow: number | undefined;
}

/** Severities are mined apart in bands, so that an error never hides in an informational template. */
const bandOf = (severity: number): number => (severity >= 17 ? 17 : severity >= 13 ? 13 : 0);

/** Log records as templates that are counted. */
export class LogStore {
  #templates: StoredTemplate[] = [];
  readonly #services = new Map<number, ServiceTemplates>();
  readonly #byId = new Map<string, number>();
  readonly #changed = new Changed<number>();
  /** Records that fitted no template and had no room for one of their own. */
  overflowed = 0;

  get size(): number {
    return this.#templates.length;
  }

  /** The template of a record, by index. */
  add(service: number, serviceName: string, record: LogRecord): number {
    const words = wordsOf(record.body);
    const mine = this.#of(service);
    const band = bandOf(record.severity);
    const key = `${band}|${words.length}|${words[0] ?? ""}`;
    const group = mine.groups.get(key) ?? [];
    const index = this.#closest(group, words);
    if (index !== undefined) {
      this.#refine(index, words, record);
      return index;
    }
    const isFull =
      mine.count >= TEMPLATES_PER_SERVICE_MAX || this.#templates.length >= TEMPLATES_MAX;
    if (isFull) {
      this.overflowed += 1;
      mine.overflow ??= this.#create({
        service,
        serviceName,
        words: [WILDCARD],
        group: key,
        record,
      });
      return mine.overflow;
    }
    const made = this.#create({ service, serviceName, words, group: key, record });
    this.#join(mine, key, made);
    return made;
  }

  #join(mine: ServiceTemplates, group: string, template: number): void {
    mine.groups.set(group, [...(mine.groups.get(group) ?? []), template]);
    mine.count += 1;
  }

  #of(service: number): ServiceTemplates {
    const known = this.#services.get(service);
    if (known !== undefined) return known;
    const made: ServiceTemplates = { groups: new Map(), count: 0, overflow: undefined };
    this.#services.set(service, made);
    return made;
  }

  #closest(group: readonly number[], words: readonly string[]): number | undefined {
    let best: number | undefined;
    let most = SIMILARITY_MIN;
    for (const index of group) {
      const alike = similarity(this.#templates[index]?.words ?? [], words);
      if (alike > most || (alike === most && best === undefined)) {
        most = alike;
        best = index;
      }
    }
    return best;
  }

  #create(of: {
    readonly service: number;
    readonly serviceName: string;
    readonly words: readonly string[];
    readonly group: string;
    readonly record: LogRecord;
  }): number {
    const { record, words } = of;
    const text = templateText(words);
    const seed = `${of.serviceName}|${bandOf(record.severity)}|${text}`;
    let id = `log-${textHash(seed)}`;
    while (this.#byId.has(id)) id = `log-${textHash(`${seed}${id}`)}`;
    return this.#keep({
      id,
      service: of.service,
      words,
      text,
      severity: record.severity,
      firstSeenMs: record.timeMs,
      samples: [sampleOf(record)],
      group: of.group,
    });
  }

  #keep(template: StoredTemplate): number {
    const index = this.#templates.length;
    this.#templates.push(template);
    this.#byId.set(template.id, index);
    this.#changed.add(index);
    return index;
  }

  #refine(index: number, words: readonly string[], record: LogRecord): void {
    const template = this.#templates[index];
    if (template === undefined) return;
    const isExact = words.every(
      (word, at) => template.words[at] === word || template.words[at] === WILDCARD,
    );
    const wantsSample =
      template.samples.length < SAMPLES_MAX &&
      !template.samples.some((sample) => sample.traceId === record.traceId);
    const isEarlier = record.timeMs < template.firstSeenMs;
    const isWorse = record.severity > template.severity;
    if (isExact && !wantsSample && !isEarlier && !isWorse) return;
    const common = isExact ? template.words : generalise(template.words, words);
    this.#changed.add(index);
    this.#templates[index] = {
      ...template,
      words: common,
      text: isExact ? template.text : templateText(common),
      severity: Math.max(template.severity, record.severity),
      firstSeenMs: Math.min(template.firstSeenMs, record.timeMs),
      samples: wantsSample ? [...template.samples, sampleOf(record)] : template.samples,
    };
  }

  capture(): readonly StoredTemplate[] {
    return this.#templates.slice();
  }

  idOf(index: number): string {
    return this.#templates[index]?.id ?? "";
  }

  indexOf(id: string): number | undefined {
    return this.#byId.get(id);
  }

  /** All templates as they are written down. `idOf` names a service. */
  *rows(idOf: (service: number) => EntityId): Generator<TemplateRow> {
    for (let index = 0; index < this.#templates.length; index += 1) yield* this.#row(index, idOf);
  }

  *#row(index: number, idOf: (service: number) => EntityId): Generator<TemplateRow> {
    const template = this.#templates[index];
    if (template === undefined) return;
    const isOverflow = this.#services.get(template.service)?.overflow === index;
    yield { ...template, service: idOf(template.service), isOverflow };
  }

  /** Those that are new or were told anew since the last call. */
  takeChanged(idOf: (service: number) => EntityId): TemplateRow[] {
    return Array.from(this.#changed.take()).flatMap((index) => [...this.#row(index, idOf)]);
  }

  /** A template of an earlier life. Of two with one id the later stands. */
  learn({ isOverflow, ...row }: TemplateRow, service: number): void {
    const template = { ...row, service };
    const known = this.#byId.get(row.id);
    if (known !== undefined) {
      this.#templates[known] = template;
      return;
    }
    const index = this.#keep(template);
    this.#changed.delete(index);
    const mine = this.#of(service);
    if (isOverflow) mine.overflow = index;
    else this.#join(mine, row.group, index);
  }
}

/** Secrets are taken out of the whole line before it is cut, so that none is left in half. */
function sampleOf(record: LogRecord): LogSample {
  const text = cleanText(redact(record.body), SAMPLE_CHARS_MAX);
  return { text, traceId: record.traceId, timeMs: record.timeMs };
}

/** Cleaning writes "…" in three dots: the gaps are put back as they are told everywhere. */
function templateText(words: readonly string[]): string {
  return cleanText(redact(words.join(" ")), TEMPLATE_CHARS_MAX).replaceAll("<...>", WILDCARD);
}

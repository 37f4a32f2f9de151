import { must } from "../assert.ts";
import { OperationError } from "../errors.ts";
import type { Attempt, Callee, Environment } from "./environment.ts";
import type { Host } from "./network.ts";
import { type Random, type Sampler, samplerOf } from "./random.ts";
import { Slots } from "./slots.ts";
import { type Failure, queryForms, type SpanForms } from "./span-form.ts";
import type { DatabaseSpec, StatementSpec } from "./system-spec.ts";

interface Statement {
  readonly spec: StatementSpec;
  readonly time: Sampler;
  readonly forms: SpanForms;
}

/** Bounded workers, statements with their times, and rows that only one may write at a time. */
export class Database implements Callee {
  readonly name: string;
  readonly poolWait = "before-span";
  readonly workers: Slots;
  readonly host: Host;
  /** 2: every statement takes twice as long. */
  pace = 1;
  readonly #environment: Environment;
  readonly #statements: ReadonlyMap<string, Statement>;
  readonly #locks = new Map<string, Slots>();
  readonly #random: Random;

  constructor(environment: Environment, spec: DatabaseSpec, host: Host) {
    this.#environment = environment;
    this.name = spec.name;
    this.host = host;
    this.workers = new Slots(spec.workers);
    this.#random = environment.random(`database ${spec.name}`);
    const system = spec.system ?? "postgresql";
    this.#statements = new Map(
      Object.entries(spec.statements).map(([name, statement]) => [
        name,
        {
          spec: statement,
          time: samplerOf(statement.time, environment.random(`${spec.name} ${name}`)),
          forms: queryForms({ name: spec.name, system, host: host.name }, name),
        },
      ]),
    );
  }

  #statement(name: string): Statement {
    const found = this.#statements.get(name);
    if (found === undefined)
      throw new OperationError("statement_unknown", `${this.name} knows no statement ${name}`);
    return found;
  }

  forms(statement: string): SpanForms {
    return this.#statement(statement).forms;
  }

  call(attempt: Attempt, answer: (failure: Failure) => void): void {
    const { kernel, network } = this.#environment;
    const { from, factor, delayMs } = attempt;
    const { spec, time } = this.#statement(attempt.what);
    const lock = spec.lock === undefined ? undefined : this.#lockOf(spec.lock);
    const back = (failure: Failure): void => {
      kernel.after(network.delayMs(this.host, from?.host) + delayMs, () => answer(failure));
    };
    const done = (): void => {
      lock?.release();
      this.workers.release();
      back(undefined);
    };
    const work = (): void => kernel.after(time.draw() * factor * this.pace, done);
    const locked = (): void => {
      if (lock === undefined) work();
      else if (!lock.acquire(work)) back("too_many_waiting");
    };
    kernel.after(network.delayMs(from?.host, this.host) + delayMs, () => {
      if (!this.workers.acquire(locked)) back("too_many_connections");
    });
  }

  #lockOf({ table, rows }: { readonly table: string; readonly rows: number }): Slots {
    return this.#row(table, Math.floor(this.#random() * rows));
  }

  #row(table: string, row: number): Slots {
    const key = `${table} ${row}`;
    const known = this.#locks.get(key) ?? new Slots(1);
    this.#locks.set(key, known);
    return known;
  }

  /** All rows of a table that statements lock. */
  rowsOf(table: string): readonly Slots[] {
    const locks = [...this.#statements.values()].flatMap(({ spec }) =>
      spec.lock?.table === table ? [spec.lock] : [],
    );
    const rows = Math.max(0, ...locks.map((lock) => lock.rows));
    if (rows === 0)
      throw new OperationError("table_unknown", `no statement of ${this.name} locks ${table}`);
    return Array.from({ length: rows }, (_, row) =>
      must(this.#row(table, row), "a row has a lock"),
    );
  }
}

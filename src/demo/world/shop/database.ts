import type { FastifyBaseLogger } from "fastify";
import pg from "pg";
import { DATABASE_NAME } from "../shop-plan.ts";

const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 3_000;

/** The instance's connection pool. Its size can change while it runs: the old pool drains, a new one takes over. */
export class Database {
  readonly #port: number;
  readonly #log: FastifyBaseLogger;
  #size = 0;
  #pool: pg.Pool | undefined;

  constructor(port: number, log: FastifyBaseLogger) {
    this.#port = port;
    this.#log = log;
  }

  resize(size: number): void {
    if (!Number.isInteger(size) || size < 1 || size === this.#size) return;
    const old = this.#pool;
    this.#size = size;
    this.#pool = new pg.Pool({
      host: "127.0.0.1",
      port: this.#port,
      user: DATABASE_NAME,
      database: DATABASE_NAME,
      max: size,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idleTimeoutMillis: 60_000,
    });
    this.#pool.on("error", (error) => this.#log.warn({ err: error.message }, "idle client lost"));
    old?.end().catch((error: unknown) => this.#log.warn({ err: String(error) }, "pool end failed"));
  }

  get pool(): pg.Pool {
    if (this.#pool === undefined) throw new Error("this service has no database");
    return this.#pool;
  }

  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    const result = await this.pool.query<Row>(text, [...values]);
    return result.rows;
  }

  /** Runs `work` in one transaction on one connection. */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = false;
    try {
      await client.query("BEGIN");
      const result = await work(client);
      await client.query("COMMIT");
      return result;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {
        broken = true;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.#pool?.end();
  }
}

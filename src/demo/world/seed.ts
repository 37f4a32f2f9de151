import { performance } from "node:perf_hooks";
import pg from "pg";
import { DATABASE_NAME } from "./shop-plan.ts";

const SCHEMA = `
CREATE TABLE products AS
  SELECT g AS id, 'Product ' || g AS name, (1 + random() * 99)::numeric(8,2) AS price, g % 20 AS category,
         random() AS popularity, repeat('a fine thing to own. ', 8) AS description
  FROM generate_series(1, 50000) g;
ALTER TABLE products ADD PRIMARY KEY (id);
CREATE INDEX products_by_category ON products (category, popularity DESC);
CREATE TABLE stock AS SELECT id AS sku, 1000000 AS quantity FROM products;
ALTER TABLE stock ADD PRIMARY KEY (sku);
CREATE TABLE cart_items (customer int, sku int, quantity int, PRIMARY KEY (customer, sku));
INSERT INTO cart_items SELECT c, 1 + (c * 13 + i * 7919) % 50000, 1 FROM generate_series(0, 3999) c, generate_series(1, 2) i;
CREATE TABLE orders (id bigserial PRIMARY KEY, customer int, total int, charge text, invoice text, status text, placed_at timestamptz DEFAULT now());
CREATE TABLE order_lines (order_id bigint, sku int, quantity int);
CREATE TABLE fulfilment_jobs (id bigserial PRIMARY KEY, order_id bigint, traceparent text);
CREATE TABLE deferred_charges (id bigserial PRIMARY KEY, customer int, amount int, charged_at timestamptz);
CREATE INDEX deferred_charges_open ON deferred_charges (id) WHERE charged_at IS NULL;
CREATE TABLE review_digest (id int PRIMARY KEY, refreshed_at timestamptz);
INSERT INTO review_digest VALUES (1, now());
CREATE TABLE reviews (id serial PRIMARY KEY, product_id int, rating int, body text, written_at timestamptz DEFAULT now());
`;

const ADD_REVIEWS = `
INSERT INTO reviews (product_id, rating, body)
SELECT g % 50000, 1 + g % 5,
  'The ' || (ARRAY['battery','delivery','fabric','quality','screen'])[1 + g % 5] || ' of product ' || g ||
  ' surprised me after some weeks of use, and the people in the shop were friendly when I asked them about it twice.'
FROM generate_series(1, $1::int) g`;

const SEARCH =
  "SELECT count(*) FROM reviews WHERE to_tsvector('english', body) @@ plainto_tsquery('english', 'battery')";

const PROBE_ROWS = 1_000;
/** How long one unindexed search over all reviews takes on this machine when nothing else runs. */
const SEARCH_TARGET_MS = 280;
/** Limit: rows of the review table. */
const REVIEWS_MAX = 60_000;

/** Fills the shop. */
export function seedDatabase(port: number): Promise<void> {
  return connected(port, async (client) => {
    await client.query(SCHEMA);
    await client.query(ADD_REVIEWS, [PROBE_ROWS]);
    await client.query("ANALYZE");
  });
}

/**
 * Adds as many reviews as make an unindexed search slow here, be the machine old or new.
 * Contract: called when nothing else of the world is busy, or the measure is too high and the reviews too few.
 */
export function fillReviews(port: number): Promise<void> {
  return connected(port, async (client) => {
    // The first run compiles and caches; the fastest of the others is free of neighbours' noise.
    await client.query(SEARCH);
    const tookMs: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const startMs = performance.now();
      await client.query(SEARCH);
      tookMs.push(performance.now() - startMs);
    }
    const rows = Math.ceil((SEARCH_TARGET_MS / Math.min(...tookMs)) * PROBE_ROWS);
    await client.query(ADD_REVIEWS, [Math.min(rows, REVIEWS_MAX)]);
    await client.query("ANALYZE reviews");
  });
}

async function connected(port: number, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: DATABASE_NAME,
    database: DATABASE_NAME,
  });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

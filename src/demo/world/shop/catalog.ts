import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Instance, serve } from "./handler.ts";
import { digest, idOf } from "./work.ts";

interface ProductRow {
  readonly id: number;
  readonly name: string;
  readonly price: string;
}

const listQuery = z.object({ category: z.coerce.number().int().min(0) });

export function addCatalog(app: FastifyInstance, instance: Instance): void {
  const { station, plan, build, database } = instance;
  const holdMs = plan.serviceMs * (build.holdFactor ?? 1);

  serve(app, { method: "GET", url: "/products" }, async (request, signal) => {
    const { category } = listQuery.parse(request.query);
    return station.run(holdMs, signal, async () => {
      const rows = await database.query<ProductRow>(
        "SELECT id, name, price FROM products WHERE category = $1 ORDER BY popularity DESC LIMIT $2",
        [category, Number(instance.setting("page_size"))],
      );
      await stockOf(instance, rows);
      digest(6);
      return rows;
    });
  });
  serve(app, { method: "GET", url: "/products/:id" }, async (request, signal) => {
    const id = idOf(request.params);
    return station.run(holdMs, signal, async () => {
      const rows = await database.query<ProductRow>(
        "SELECT id, name, price, description FROM products WHERE id = $1",
        [id],
      );
      await stockOf(instance, rows);
      const highlights =
        instance.flag("catalog-review-highlights") === "on" ? await highlightsOf(instance) : [];
      digest(6);
      return { ...rows[0], highlights };
    });
  });
}

async function stockOf(instance: Instance, rows: readonly ProductRow[]): Promise<void> {
  for (const row of rows.slice(0, instance.build.lookupsPerPage ?? 0)) {
    // One after the other, as a loop over an object-relational mapper's rows does it.
    await instance.database.query("SELECT quantity FROM stock WHERE sku = $1", [row.id]);
  }
}

const TOPICS = ["battery", "delivery", "fabric", "quality", "screen"] as const;

/** Text search over all reviews, and a digest of it that is kept up to date under a row lock. */
async function highlightsOf(instance: Instance): Promise<unknown[]> {
  const topic = TOPICS[Math.floor(instance.random() * TOPICS.length)] ?? "quality";
  return instance.database.transaction(async (client) => {
    await client.query("SELECT refreshed_at FROM review_digest WHERE id = 1 FOR UPDATE");
    const found = await client.query(
      "SELECT id, rating FROM reviews WHERE to_tsvector('english', body) @@ plainto_tsquery('english', $1) ORDER BY written_at DESC LIMIT 3",
      [topic],
    );
    await client.query("UPDATE review_digest SET refreshed_at = now() WHERE id = 1");
    return found.rows;
  });
}

import { createHash } from "node:crypto";
import { z } from "zod";
import { OperationError } from "../../../errors.ts";

const BLOCK = Buffer.alloc(16_384, 7);

/** A little real CPU, as rendering or checking a signature takes: about 10 µs a round. */
export function digest(rounds: number): string {
  const hash = createHash("sha256");
  for (let round = 0; round < rounds; round += 1) hash.update(BLOCK);
  return hash.digest("hex");
}

const userParams = z.object({ user: z.coerce.number().int().min(0) });
const idParams = z.object({ id: z.coerce.number().int().min(0) });

export const userOf = (params: unknown): number => userParams.parse(params).user;
export const idOf = (params: unknown): number => idParams.parse(params).id;

export const itemsSchema = z.array(
  z.object({ sku: z.number().int(), quantity: z.number().int().min(1) }),
);

const REGIONS = ["dk", "de", "fr", "it", "es", "nl", "pl", "pt", "se", "at"] as const;

/** The region of a customer; `unknown` regions of the ten are missing from the book at hand. */
export function regionOf(user: number, unknown: number): string {
  const known = new Map(REGIONS.slice(unknown).map((region) => [region, region.toUpperCase()]));
  const region = REGIONS[user % REGIONS.length] ?? "dk";
  const entry = known.get(region);
  if (entry === undefined)
    throw new OperationError("region_missing", `no price book entry for region ${region}`);
  return entry;
}

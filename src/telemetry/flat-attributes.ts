import { z } from "zod";
import type { Attributes, AttributeValue } from "../model/entity.ts";
import { cleanText, redact } from "../redact.ts";

const KEY_CHARS_MAX = 256;
const VALUE_CHARS_MAX = 1024;
const ATTRIBUTES_MAX = 64;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** One level of lists and maps is kept as JSON text; deeper ones are refused, so that nothing recurses. */
const value = z.union([scalar, z.array(scalar), z.record(z.string(), scalar)]);

function flat(held: z.infer<typeof value>): AttributeValue | undefined {
  if (held === null) return undefined;
  if (typeof held === "number" || typeof held === "boolean") return held;
  const text = typeof held === "string" ? held : JSON.stringify(held);
  return redact(cleanText(text, VALUE_CHARS_MAX));
}

/** Attributes of a change or an entity from outside: keys sorted, texts cleaned and redacted, nulls left out. */
export const flatAttributes = z
  .record(z.string().max(KEY_CHARS_MAX), value)
  .refine((held) => Object.keys(held).length <= ATTRIBUTES_MAX, `over ${ATTRIBUTES_MAX} attributes`)
  .transform((held): Attributes => {
    const attributes: Record<string, AttributeValue> = {};
    for (const key of Object.keys(held).sort()) {
      const kept = flat(held[key] ?? null);
      if (kept !== undefined && key !== "__proto__") attributes[key] = kept;
    }
    return attributes;
  });

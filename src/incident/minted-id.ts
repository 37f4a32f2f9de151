import { createHash } from "node:crypto";
import { canonicalJson } from "./action.ts";

/** Characters after the letter: 50 bits. */
const ID_CHARS = 10;
/** No letters that are read as digits. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** `i-7k2m…`: the same for the same content, so that what is repeated after a crash has the same name. */
export function mintedId(letter: string, content: unknown): string {
  const digest = createHash("sha256").update(canonicalJson(content)).digest();
  const chars = [...digest.subarray(0, ID_CHARS)].map((byte) => ALPHABET[byte % ALPHABET.length]);
  return `${letter}-${chars.join("")}`;
}

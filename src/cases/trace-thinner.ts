/** Limit: spans of one case; above it every other trace is left out, again and again. */
const SPANS_MAX = 600_000;
const HASH_STEPS = 4_294_967_296;

/** Keeps a consistent share of traces, by a hash of the trace's id, so that a case fits in memory. */
export class TraceThinner {
  readonly #spansMax: number;
  #admitted = 0;
  share = 1;

  constructor(spansMax = SPANS_MAX) {
    this.#spansMax = spansMax;
  }

  keeps(traceId: string): boolean {
    return this.share === 1 || hashOf(traceId) / HASH_STEPS < this.share;
  }

  admits({ traceId }: { readonly traceId: string }): boolean {
    if (!this.keeps(traceId)) return false;
    this.#admitted += 1;
    if (this.#admitted > this.#spansMax) {
      this.share /= 2;
      this.#admitted /= 2;
    }
    return this.keeps(traceId);
  }
}

/** FNV-1a, with a last stir so that ids that differ in few digits spread. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

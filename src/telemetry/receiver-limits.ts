/** Bounds of the HTTP receiver. Each answers with a status of its own, and is counted. */
export interface ReceiverLimits {
  /** One body, as it comes and decompressed; more is 413. */
  readonly bodyBytesMax: number;
  /** Bodies in memory at a time; more is 503. */
  readonly inFlightBytesMax: number;
  /** Spans, points and records that wait for the watch loop; more is 429. */
  readonly queueItemsMax: number;
  /** One request with changes. */
  readonly changesBytesMax: number;
  readonly connectionsMax: number;
  /** A client that has not sent its headers, or its whole request, by then is disconnected. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A connection that is kept without a request. */
  readonly idleTimeoutMs: number;
  /** `Retry-After` is drawn between 1 and this, so that senders do not come back together. */
  readonly retryAfterSecondsMax: number;
  /** Of a refused body so much is still read, so that the sender gets to see the answer. */
  readonly lingerBytesMax: number;
}

export const RECEIVER_LIMITS: ReceiverLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  inFlightBytesMax: 96 * 1024 * 1024,
  queueItemsMax: 200_000,
  changesBytesMax: 1024 * 1024,
  connectionsMax: 1000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  retryAfterSecondsMax: 30,
  lingerBytesMax: 64 * 1024 * 1024,
};

/** Bytes of one request's headers. */
export const HEADER_BYTES_MAX = 16_384;

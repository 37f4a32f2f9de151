import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isOperationError, OperationError } from "../errors.ts";
import { malformed } from "./otlp/context.ts";

const gunzipBuffer = promisify(gunzip);

export interface BodyLimits {
  /** Bytes of one body, as it comes and decompressed. */
  readonly bytesMax: number;
  /** Bytes of all bodies in memory at a time; a further request is told to come back. */
  readonly inFlightBytesMax: number;
}

/** Bytes of the bodies that are being read or decoded now, of all requests together. */
export interface InFlight {
  bytes: number;
}

/** What one request holds of the memory for bodies. */
interface Lease {
  /** Errors: `OperationError("busy")`. */
  hold(bytes: number): void;
  release(): void;
}

function lease(inFlight: InFlight, bytesMax: number): Lease {
  let held = 0;
  return {
    hold: (bytes) => {
      if (inFlight.bytes + bytes > bytesMax) {
        throw new OperationError("busy", "The receiver's memory is full; send again later.");
      }
      inFlight.bytes += bytes;
      held += bytes;
    },
    release: () => {
      inFlight.bytes -= held;
      held = 0;
    },
  };
}

const bodyTooLarge = (bytesMax: number): OperationError =>
  new OperationError("otlp_too_large", `The body is over ${bytesMax} bytes; send smaller batches.`);

async function readRaw(request: IncomingMessage, bytesMax: number, memory: Lease): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bytesMax) throw bodyTooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // The socket must outlive a refusal, or the refusal could not be sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
      memory.hold(part.length);
      chunks.push(part);
    }
  } catch (error) {
    if (isOperationError(error)) throw error;
    const message = "The client closed the connection.";
    throw Object.assign(new OperationError("aborted", message), { cause: error });
  }
  return Buffer.concat(chunks);
}

/**
 * Runs `use` with the decompressed body, and gives the memory back when it is done.
 * Errors: `OperationError` with `busy`, `otlp_too_large`, `otlp_malformed` (bad gzip), `aborted` (the client went away).
 */
export async function withBody<Result>(
  request: IncomingMessage,
  options: { readonly limits: BodyLimits; readonly inFlight: InFlight; readonly isGzip: boolean },
  use: (body: Buffer) => Promise<Result>,
): Promise<Result> {
  const { bytesMax, inFlightBytesMax } = options.limits;
  const memory = lease(options.inFlight, inFlightBytesMax);
  try {
    const raw = await readRaw(request, bytesMax, memory);
    if (!options.isGzip) return await use(raw);
    const body = await inflate(raw, bytesMax);
    memory.hold(body.length);
    return await use(body);
  } finally {
    memory.release();
  }
}

async function inflate(raw: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await gunzipBuffer(raw, { maxOutputLength: bytesMax });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    throw code === "ERR_BUFFER_TOO_LARGE"
      ? bodyTooLarge(bytesMax)
      : malformed("the body is not gzip", error);
  }
}

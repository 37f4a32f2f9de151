import { Worker } from "node:worker_threads";
import { OperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";

export interface PngJob {
  readonly id: number;
  readonly svg: string;
}

export type PngAnswer =
  | { readonly id: number; readonly ok: true; readonly png: Uint8Array }
  | { readonly id: number; readonly ok: false; readonly message: string };

export interface PngRenderer extends AsyncDisposable {
  /** PNG at twice the logical size. Errors: OperationError `chart_busy`, `chart_timeout`, `chart_failed`. */
  renderPng(svg: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Charts that wait for the worker; further ones are refused. */
const PNG_QUEUE_MAX = 16;
/** A chart takes about 50 ms; one that takes this long never comes. */
const PNG_TIMEOUT_MS = 5_000;
/** A chart of ours is under 40 KB of SVG. */
const SVG_CHARS_MAX = 500_000;

interface Waiting {
  readonly resolve: (png: Uint8Array) => void;
  readonly reject: (error: OperationError) => void;
  readonly timer: AbortSignal;
}

/**
 * Renders in a worker thread, because resvg blocks its thread for tens of milliseconds. The worker starts with the first
 * chart, and a new one replaces one that died or hung.
 */
export function createPngRenderer(options: {
  readonly meter: Meter;
  readonly timeoutMs?: number;
}): PngRenderer {
  const { meter, timeoutMs = PNG_TIMEOUT_MS } = options;
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  const settle = (id: number): Waiting | undefined => {
    const found = waiting.get(id);
    waiting.delete(id);
    return found;
  };
  const failAll = (code: string, message: string): void => {
    for (const id of [...waiting.keys()]) settle(id)?.reject(new OperationError(code, message));
  };
  const stopWorker = async (): Promise<void> => {
    const old = worker;
    worker = undefined;
    old?.removeAllListeners();
    await old?.terminate();
  };
  const started = (): Worker => {
    if (worker !== undefined) return worker;
    const fresh = new Worker(new URL("./png-worker.ts", import.meta.url));
    fresh.unref();
    fresh.on("message", (answer: PngAnswer) => {
      const job = settle(answer.id);
      if (answer.ok) job?.resolve(answer.png);
      else
        job?.reject(
          new OperationError("chart_failed", `the chart is not valid: ${answer.message}`),
        );
    });
    fresh.on("error", (error) => {
      worker = undefined;
      failAll("chart_failed", `the chart worker stopped: ${error.message}; ask again`);
    });
    worker = fresh;
    return fresh;
  };
  const timeOut = (id: number): void => {
    const job = settle(id);
    if (job === undefined) return;
    meter.add("orrery_charts_timed_out_total");
    job.reject(new OperationError("chart_timeout", `no chart within ${timeoutMs} ms`));
    failAll("chart_timeout", "another chart hung before this one; ask again");
    // A hung worker does not come back: the next chart gets a fresh one.
    void stopWorker();
  };
  return {
    renderPng: (svg) => {
      if (waiting.size >= PNG_QUEUE_MAX || svg.length > SVG_CHARS_MAX) {
        meter.add("orrery_charts_refused_total");
        const reason = "too many charts are waiting, or this one is too large";
        return Promise.reject(new OperationError("chart_busy", `${reason}: ask again in a second`));
      }
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      const timer = AbortSignal.timeout(timeoutMs);
      timer.addEventListener("abort", () => timeOut(id), { once: true });
      waiting.set(id, { resolve, reject, timer });
      started().postMessage({ id, svg } satisfies PngJob);
      meter.add("orrery_charts_rendered_total");
      return promise;
    },
    close: async () => {
      failAll("chart_failed", "the renderer was closed");
      await stopWorker();
    },
    async [Symbol.asyncDispose]() {
      await this.close();
    },
  };
}

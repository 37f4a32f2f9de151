import type { Clock } from "../clock.ts";
import { OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";
import { messagesOf } from "./outside.ts";
import { failureOf, failureText, type SlackClients } from "./wire.ts";

const BUCKET = "slack-charts";
const UPLOAD_ATTEMPTS_MAX = 2;
const RETRY_MS = 1_000;

export interface Chart {
  /** Unique for ever; also the file's name, by which it is found again. */
  readonly key: string;
  readonly channel: string;
  readonly threadTs: string;
  readonly title: string;
  /** What the picture shows, in words. */
  readonly altText: string;
  readonly png: Uint8Array;
}

export interface ChartUploadDeps {
  readonly clients: SlackClients;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

function fileName(key: string): string {
  return `${key.replace(/[^\w.-]+/g, "-")}.png`;
}

async function isInThread({ clients }: ChartUploadDeps, chart: Chart): Promise<boolean> {
  const answer = await clients.web.conversations.replies({
    channel: chart.channel,
    ts: chart.threadTs,
    limit: 200,
  });
  const name = fileName(chart.key);
  return messagesOf(answer).some((message) => message.files?.some((file) => file.name === name));
}

async function upload({ clients, log }: ChartUploadDeps, chart: Chart): Promise<boolean> {
  try {
    await clients.once.filesUploadV2({
      channel_id: chart.channel,
      thread_ts: chart.threadTs,
      file_uploads: [
        {
          file: Buffer.from(chart.png),
          filename: fileName(chart.key),
          title: chart.title,
          alt_text: chart.altText,
        },
      ],
    });
    return true;
  } catch (error) {
    log.warn("slack_upload_failed", { text: failureText(failureOf(error)) });
    return false;
  }
}

/** Uploads a picture into a thread, once. Errors: OperationError `slack_unclear` when it is not there after all. */
export async function uploadChart(deps: ChartUploadDeps, chart: Chart): Promise<void> {
  const { store, clock } = deps;
  const isFirst = await store.insertIfAbsent(BUCKET, chart.key, "sending");
  if (!isFirst && (await store.get(BUCKET, chart.key)) === "posted") return;
  let isPosted = !isFirst && (await isInThread(deps, chart));
  for (let tried = 0; tried < UPLOAD_ATTEMPTS_MAX && !isPosted; tried++) {
    // biome-ignore lint/performance/noAwaitInLoops: a retry comes after the attempt that failed
    isPosted = (await upload(deps, chart)) || (await isInThread(deps, chart));
    if (!isPosted) await clock.sleep(RETRY_MS);
  }
  if (!isPosted) throw new OperationError("slack_unclear", `${chart.key} could not be uploaded`);
  await store.put(BUCKET, chart.key, "posted");
}

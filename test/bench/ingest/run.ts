import { cpus } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemClock } from "../../../src/clock.ts";
import { silentLog } from "../../../src/log.ts";
import { createMeter } from "../../../src/meter.ts";
import { createWorld } from "../../../src/model/world.ts";
import { createReceiver } from "../../../src/telemetry/receiver.ts";
import { type Payload, payloads } from "./payload.ts";
import { decodeByProtobufjs } from "./protobufjs-otlp.ts";
import { Sender } from "./sender.ts";

const SECONDS = 10;
const SPANS_PER_SECOND = 10_000;
const ROUNDS = 3;

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Items in a CPU second, decoding alone by what a user would take. */
function baseline({ kind, encoding, bodies, items }: Payload): number {
  const startMs = cpuMs();
  for (const body of bodies) {
    if (encoding === "json") JSON.parse(body.toString("utf8"));
    else decodeByProtobufjs(kind, body);
  }
  return (items / (cpuMs() - startMs)) * 1000;
}

/** Items in a CPU second, from gzip on the wire to a model that can be asked: all threads of the process. */
async function ours(payload: Payload, nowMs: number, sender: Sender): Promise<number> {
  const world = createWorld();
  const receiver = createReceiver({
    port: 0,
    clock: { ...systemClock, nowMs: () => nowMs },
    log: silentLog,
    meter: createMeter(),
    random: Math.random,
    onChanges: async (records) => records,
    health: () => ({}),
  });
  const { url } = await receiver.start();
  const startMs = cpuMs();
  let isDone = false;
  const posted = sender.post(url, payload).finally(() => {
    isDone = true;
  });
  while (!isDone || receiver.depth > 0) {
    for (const signal of receiver.take(500)) world.apply(signal);
    await nextTurn();
  }
  world.advance(nowMs + 20_000);
  const usedMs = cpuMs() - startMs;
  const { spans, points } = world.stats();
  const seen = payload.kind === "traces" ? spans : points;
  if (seen !== payload.items) throw new Error(`only ${seen} of ${payload.items} were taken in`);
  const statuses = await posted;
  if (statuses.size !== 1 || !statuses.has(200)) throw new Error("some requests were refused");
  await receiver.stop();
  return (payload.items / usedMs) * 1000;
}

const thousands = (value: number): string => `${Math.round(value / 1000)} k/s`;

function line(name: string, own: readonly number[], base: readonly number[]): string {
  const best = (list: readonly number[]): number => Math.max(...list);
  const ratio = best(own) / best(base);
  const range = `${thousands(Math.min(...own))} to ${thousands(best(own))}`;
  return `${name.padEnd(18)} ${range.padEnd(24)} ${thousands(best(base)).padEnd(12)} ${ratio.toFixed(2)}`;
}

/** Off the wire to a model that can be asked, beside decoding alone; of `ROUNDS` rounds, the best of each. */
export async function runIngestBench(): Promise<void> {
  const nowMs = Date.now();
  process.stdout.write(
    `ingest: ${SECONDS * SPANS_PER_SECOND} spans of 12 attributes, 512 a request, gzip over loopback; ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`,
  );
  process.stdout.write(
    `${"".padEnd(18)} ${"Orrery, per CPU second".padEnd(24)} ${"decode alone".padEnd(12)} ratio\n`,
  );
  const sender = await Sender.start();
  for (const payload of payloads(nowMs, SECONDS, SPANS_PER_SECOND)) {
    const own: number[] = [];
    const base: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      base.push(baseline(payload));
      own.push(await ours(payload, nowMs, sender));
    }
    const bytes = payload.bodies.reduce((sum, body) => sum + body.length, 0) / payload.items;
    const zipped = payload.zipped.reduce((sum, body) => sum + body.length, 0) / payload.items;
    process.stdout.write(
      `${line(`${payload.kind} ${payload.encoding}`, own, base)}   (${bytes.toFixed(0)} B an item, ${zipped.toFixed(0)} B zipped)\n`,
    );
  }
  sender.stop();
}

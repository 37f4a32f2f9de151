import type { Llm } from "./llm.ts";
import { type FailureKind, type ModelFailure, RETRIES_MAX } from "./model-failure.ts";
import type { TurnRun } from "./turn-run.ts";

/** The first pause before a reply is asked for again; each further one is four times as long. */
const RETRY_MS = 1_000;
/** Who wants a longer pause than this is not waited for. */
const RETRY_WAIT_MAX_MS = 15_000;

/** Takes back what the failed attempt had shown, and waits for the next; or lets the offline investigator go on. */
export async function recover(
  run: TurnRun,
  failure: ModelFailure,
  attempt: { readonly retries: Map<FailureKind, number>; readonly hasShown: boolean },
): Promise<void> {
  const { clock, meter, log } = run.room.deps;
  const { kind } = failure;
  meter.add("orrery_agent_model_failures_total", 1, { kind });
  log.warn("agent_model_failed", { kind, reason: failure.message, llm: run.llm.name });
  if (attempt.hasShown) run.voice.reset(`Claude did not finish: ${failure.message}`, run.turn);
  const retried = attempt.retries.get(kind) ?? 0;
  const waitMs = failure.retryAfterMs ?? RETRY_MS * 4 ** retried;
  if (retried >= RETRIES_MAX[kind] || waitMs > RETRY_WAIT_MAX_MS) {
    const { offline } = run.room;
    const name = `${offline.name} (Claude did not answer: ${failure.message})`;
    const line = `_Claude did not answer (${failure.message}); the offline investigator goes on._`;
    await failOver(run, { llm: offline, name, line });
    return;
  }
  attempt.retries.set(kind, retried + 1);
  // A turn that ends meanwhile is noticed at the next attempt.
  await clock.sleep(waitMs, run.signal).catch(() => undefined);
}

/** Another model goes on with the turn, also after a restart, and the reader is told in one line. */
export async function failOver(
  run: TurnRun,
  next: { readonly llm: Llm; readonly name: string; readonly line: string },
): Promise<void> {
  const { name, line } = next;
  run.llm = next.llm;
  run.llmName = name;
  await run.journal.append(() => ({ type: "llm-changed", llm: name, line }));
  run.voice.beginMessage();
  run.voice.text(line);
}

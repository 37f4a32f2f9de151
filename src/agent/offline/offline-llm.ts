import type { Llm } from "../llm.ts";
import type { Frames } from "../untrusted-frame.ts";
import { OfflineModel } from "./offline-model.ts";

/** It answers at once; this is only a bound. */
const SILENCE_MS = 60_000;

export function createOffline(frames: Frames): Llm {
  return {
    name: "offline investigator",
    isOffline: true,
    model: new OfflineModel(frames),
    callOptions: {},
    silenceMs: SILENCE_MS,
  };
}

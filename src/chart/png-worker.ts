import { parentPort } from "node:worker_threads";
import { Resvg } from "@resvg/resvg-js";
import type { PngAnswer, PngJob } from "./png-renderer.ts";

const FONT_FILES: readonly string[] = [
  "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf",
  "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf",
].map((file) => new URL(import.meta.resolve(file)).pathname);

/** Logical px to real px: sharp on a dense screen, about 60 KB. */
const ZOOM = 2;

function render(svg: string): Uint8Array {
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: ZOOM },
    // Without a font resvg drops all text silently, so none is left to chance.
    font: { loadSystemFonts: false, fontFiles: [...FONT_FILES], defaultFontFamily: "Inter" },
  });
  return image.render().asPng();
}

function answer(job: PngJob): PngAnswer {
  try {
    return { id: job.id, ok: true, png: render(job.svg) };
  } catch (error) {
    return {
      id: job.id,
      ok: false,
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

parentPort?.on("message", (job: PngJob) => parentPort?.postMessage(answer(job)));

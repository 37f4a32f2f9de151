import { defineConfig } from "vitest/config";
import { ClosingLine } from "./test/support/closing-line.ts";

export default defineConfig({
  test: {
    reporters: ["default", new ClosingLine()],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{repo,scenario,world,browser,bench}/**"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: { name: "repo", include: ["test/repo/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: "scenario", include: ["test/scenario/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        // Real processes: the demo world, PostgreSQL, the product as a child. One file at a time.
        extends: true,
        test: {
          name: "world",
          include: ["test/world/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // After the rest, and alone: a shop that shares its two cores with other tests is really slow.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

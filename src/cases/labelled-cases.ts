import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Truth } from "./answer.ts";
import { caseFolders } from "./case-folder.ts";
import { type CaseHead, readCaseHead } from "./case-head.ts";
import type { LabelledCase } from "./cause-report.ts";

export interface CaseOnDisk extends LabelledCase {
  readonly folder: string;
  /** Without a label a case is answered, but not scored. */
  readonly isLabelled: boolean;
}

function headOf(folder: string): Pick<CaseHead, "id" | "system"> {
  try {
    return readCaseHead(folder);
  } catch {
    return { id: basename(folder), system: "" };
  }
}

/** The cases below a folder. A case's set is the folder between the two; of a case directly below it, its system. */
export function labelledCases(root: string): readonly CaseOnDisk[] {
  const top = resolve(root);
  return [...caseFolders(top)].map((folder) => {
    const { id, system } = headOf(folder);
    const path = join(folder, "truth.json");
    const isLabelled = existsSync(path);
    const between = dirname(relative(top, folder)).split(sep).join("/");
    return {
      id,
      folder,
      set: between === "." ? system || "all" : between,
      isLabelled,
      truth: isLabelled ? (JSON.parse(readFileSync(path, "utf8")) as Truth) : {},
    };
  });
}

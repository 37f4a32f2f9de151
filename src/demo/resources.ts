import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in hundredths of a second for programs (USER_HZ). */
const TICK_MS = 10;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended, or this system has no /proc.
    return undefined;
  }
};

/** The fields of `/proc/PID/stat` after the name, which may hold spaces. */
function statFields(pid: number): readonly string[] {
  const text = read(`/proc/${pid}/stat`) ?? "";
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** A process and all below it. */
export function familyOf(root: number): readonly number[] {
  const pids = readPids().map((pid) => ({ pid, parent: Number(statFields(pid)[1]) }));
  const family = new Set([root]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const { pid, parent } of pids) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

function readPids(): readonly number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // No /proc here (macOS): nothing is measured.
    return [];
  }
}

/** Proportional set size: memory with shared pages split among those who share them. Bytes; undefined without /proc. */
export function pssBytes(pids: readonly number[]): number | undefined {
  const sizes = pids.flatMap((pid) => {
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1];
    return kilobytes === undefined ? [] : [Number(kilobytes) * 1024];
  });
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}

/** CPU time used so far by these processes; undefined without /proc. */
export function cpuMs(pids: readonly number[]): number | undefined {
  const used = pids.flatMap((pid) => {
    const fields = statFields(pid);
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? [ticks * TICK_MS] : [];
  });
  return used.length === 0 ? undefined : used.reduce((sum, ms) => sum + ms, 0);
}

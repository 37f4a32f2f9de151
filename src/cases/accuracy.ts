import { type Answer, namesOfRoot, normalName, type Root } from "./answer.ts";

/** AC@k is taken for these k. */
const RANKS = [1, 2, 3, 4, 5] as const;
/** Probabilities this close are a tie. */
const TIE = 1e-12;

/** A ranking as it is scored. */
export interface ReadRanking {
  /** Names best first; a group is a tie. */
  readonly groups: readonly (readonly string[])[];
  /** Undefined when nothing has a probability. */
  readonly first?: { readonly p: number; readonly names: readonly string[] };
  readonly probabilities: readonly (readonly [name: string, p: number])[];
  /** A probability is missing, outside 0 to 1, or all sum to more than 1. */
  readonly isBad: boolean;
}

interface Given {
  readonly name: string;
  readonly p: unknown;
}

const isNumber = (p: unknown): p is number => typeof p === "number" && Number.isFinite(p);

function givenNames(ranking: Answer["ranking"]): { given: Given[]; isBad: boolean } {
  const isList = Array.isArray(ranking);
  const all: readonly unknown[] = isList ? ranking : [];
  const given = all.flatMap((one): Given[] => {
    const { entity, p }: { entity?: unknown; p?: unknown } = { ...(one as object | null) };
    const name = entity === null || entity === undefined ? "" : normalName(entity);
    return name === "" ? [] : [{ name, p }];
  });
  return { given, isBad: !isList || given.length < all.length };
}

function bestOf(given: readonly Given[]): { best: Map<string, number>; isBad: boolean } {
  const best = new Map<string, number>();
  let isBad = false;
  for (const { name, p } of given) {
    const value = isNumber(p) ? p : 0;
    const clipped = Math.min(1, Math.max(0, value));
    if (!isNumber(p) || clipped !== value) isBad = true;
    best.set(name, Math.max(clipped, best.get(name) ?? 0));
  }
  return { best, isBad };
}

function tied(list: readonly (readonly [string, number])[]): string[][] {
  const groups: string[][] = [];
  let at = Number.NaN;
  for (const [name, p] of list) {
    const group = groups.at(-1);
    if (group !== undefined && Math.abs(at - p) <= TIE) group.push(name);
    else {
      groups.push([name]);
      at = p;
    }
  }
  return groups;
}

/** Orders a ranking by probability; without any, its own order counts. An entity named twice keeps its best place. */
export function readRanking(ranking: Answer["ranking"]): ReadRanking {
  const { given, isBad } = givenNames(ranking);
  if (!given.some(({ p }) => isNumber(p))) {
    const names = [...new Set(given.map(({ name }) => name))];
    return { groups: names.map((name) => [name]), probabilities: [], isBad };
  }
  const { best, isBad: isClipped } = bestOf(given);
  const list = [...best].sort((a, b) => b[1] - a[1]);
  const sum = list.reduce((total, [, p]) => total + p, 0);
  const scale = sum > 1 ? 1 / sum : 1;
  const groups = tied(list);
  const [first] = list;
  return {
    groups,
    ...(first === undefined ? {} : { first: { p: first[1] * scale, names: groups[0] ?? [] } }),
    probabilities: list.map(([name, p]) => [name, p * scale]),
    isBad: isBad || isClipped || sum > 1 + 1e-6,
  };
}

/** Chance that none of `marked` among `all` comes within the first `taken` of a random order. */
function missChance(all: number, marked: number, taken: number): number {
  if (taken <= 0) return 1;
  if (taken > all - marked) return 0;
  let chance = 1;
  for (let at = 0; at < taken; at += 1) chance *= (all - marked - at) / (all - at);
  return chance;
}

/** Chance that one of `names` is among the first `rank`, over all orders of the tied. */
function foundChance(
  groups: ReadRanking["groups"],
  names: ReadonlySet<string>,
  rank: number,
): number {
  let before = 0;
  for (const group of groups) {
    if (before >= rank) return 0;
    const marked = group.filter((name) => names.has(name)).length;
    if (marked > 0) {
      return 1 - missChance(group.length, marked, Math.min(rank - before, group.length));
    }
    before += group.length;
  }
  return 0;
}

/** Expected AC@1 to AC@5: roots found among the first k, over the smaller of k and the number of roots. */
export function accuracy(groups: ReadRanking["groups"], roots: readonly Root[]): readonly number[] {
  const names = roots.map(namesOfRoot);
  return RANKS.map((rank) => {
    const found = names.reduce((sum, own) => sum + foundChance(groups, own, rank), 0);
    return found / Math.min(rank, names.length);
  });
}

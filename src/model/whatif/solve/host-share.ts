import { queueFactor } from "../../dynamics/erlang.ts";
import type { HostCapacity, Problem } from "../problem.ts";

/** Weight of a host's own queue for its cores. */
const HOST_WEIGHT = 0.8;

/** Share of a host's cores in use; 0 where its size is not known. */
export function hostBusy(host: HostCapacity | undefined, usedCores: number): number {
  return host?.cores === undefined ? 0 : usedCores / host.cores;
}

/** How much longer work takes on a host whose cores are in such demand. */
export function hostFactor(host: HostCapacity | undefined, busy: number): number {
  return host?.cores === undefined ? 1 : 1 + HOST_WEIGHT * queueFactor(host.cores, busy);
}

/** By slice, then by host: how much longer work took there. */
export function hostFactorsBySlice({
  hosts,
  stations,
  slices,
}: Problem): readonly (readonly number[])[] {
  return slices.map((_, slice) => {
    const used = hosts.map(({ background }) => known(background[slice]));
    for (const { cpu, replicas } of stations) {
      const each = known(cpu[slice]) / replicas.length;
      for (const host of replicas) if (host >= 0) used[host] = (used[host] ?? 0) + each;
    }
    return hosts.map((host, at) => hostFactor(host, hostBusy(host, used[at] ?? 0)));
  });
}

/** What keeps each host busy besides the stations, in the mean over some slices. */
export function backgroundCores({ hosts }: Problem, slices: readonly number[]): Float64Array {
  return Float64Array.from(hosts, ({ background }) => {
    const values = slices.map((at) => known(background[at]));
    return values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);
  });
}

const known = (value: number | undefined): number =>
  value === undefined || Number.isNaN(value) ? 0 : value;

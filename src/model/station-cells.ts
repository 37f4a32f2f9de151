import { cellKey } from "./cell-table.ts";
import type { EntityId } from "./entity.ts";
import type { StationCell, StationSite } from "./site.ts";

/** The row of station columns that a site counts in. */
export function stationOf({ sender, operation }: StationSite): StationCell {
  return {
    service: sender.serviceId,
    operation: operation.id,
    operationIndex: operation.index,
    instance: sender.instanceId,
    host: sender.hostId,
    zone: sender.zoneId,
    version: sender.version,
  };
}

export const stationKey = (cell: StationCell): string =>
  cellKey(cell.service, cell.operation, cell.instance, cell.host, cell.zone, cell.version);

/** By what a service's cells are found. */
export const stationOwner = (service: EntityId): string => service;

export const stationOwners = ({ service }: StationCell): readonly string[] => [
  stationOwner(service),
];

import type { ShopService } from "./contract.ts";

/** What a build of a service does differently from the first one. Neutral builds leave all of it out. */
export interface Build {
  /** Rows of a list for which one more query each is made. */
  readonly lookupsPerPage?: number;
  /** How many times longer a request holds its worker. */
  readonly holdFactor?: number;
  /** Regions, of ten, that its price or stock book does not know. */
  readonly unknownRegions?: number;
}

/**
 * Every build that can be deployed. Only the supervisor and the service itself know this table: a version number says
 * nothing about what is in it.
 */
const BUILDS: Readonly<Record<ShopService, Readonly<Record<string, Build>>>> = {
  gateway: { "3.8.0": {}, "3.8.1": {}, "3.8.2": {} },
  catalog: {
    "1.4.1": {},
    "1.4.2": {},
    "1.4.3": {},
    "1.5.0": { lookupsPerPage: 12, holdFactor: 20 },
    "1.5.1": {},
  },
  cart: { "2.1.9": {}, "2.2.0": {}, "2.2.1": {}, "2.3.0": { unknownRegions: 5 } },
  checkout: { "5.1.2": {}, "5.1.3": {}, "5.1.4": {}, "5.2.0": {} },
  payment: { "4.0.6": {}, "4.0.7": {}, "4.0.8": {} },
  inventory: { "1.9.3": {}, "1.9.4": {}, "1.9.5": {}, "1.10.0": { unknownRegions: 5 } },
  orders: { "2.5.9": {}, "2.6.0": {}, "2.6.1": {}, "2.7.0": {} },
  fulfilment: { "1.3.4": {}, "1.3.5": {}, "1.3.6": {} },
};

export function buildOf(service: ShopService, version: string): Build | undefined {
  return BUILDS[service][version];
}

/** Versions that behave like the first one, without `current`. */
export function neutralVersions(service: ShopService, current: string): readonly string[] {
  return Object.entries(BUILDS[service])
    .filter(([version, build]) => version !== current && Object.keys(build).length === 0)
    .map(([version]) => version);
}

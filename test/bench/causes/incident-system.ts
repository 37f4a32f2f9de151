import { Dice } from "../../../src/simulator/dice.ts";
import { randomStream } from "../../../src/simulator/random.ts";
import { randomSystem } from "../../../src/simulator/random-system.ts";
import type { OperationSpec, ServiceSpec, SystemSpec } from "../../../src/simulator/system-spec.ts";

/** Words that entities are named by, so that no name tells a layer. */
const WORDS =
  "acacia amber anchor aspen badger basil birch bison canyon cedar clover cobalt comet coral cricket dahlia delta ember falcon fennel fern finch flint garnet ginger glacier grove harbor hazel heron indigo iris ivy jasper juniper kestrel lagoon larch laurel lilac linden lotus lynx magnet maple marlin meadow mesa mint moss nectar nimbus nutmeg oasis olive onyx opal orchid osprey otter pepper pine plum poppy quartz quince raven reef ridge river robin rowan saffron sage sierra slate sorrel sparrow spruce sumac tarn teal thistle thyme topaz tulip umber violet walnut willow wren yarrow zinnia".split(
    " ",
  );

function namer(dice: Dice): (old: string) => string {
  const left = [...WORDS];
  const given = new Map<string, string>();
  return (old) => {
    const known = given.get(old);
    if (known !== undefined) return known;
    const [word = old] = left.splice(dice.whole(0, left.length - 1), 1);
    given.set(old, word);
    return word;
  };
}

/** `GET /svc-3/1` becomes a route that names nobody. */
function routes(dice: Dice): (name: string) => string {
  const given = new Map<string, string>();
  return (name) => {
    const known = given.get(name);
    if (known !== undefined) return known;
    const made = `${name.split(" ")[0] ?? "GET"} /v${dice.whole(1, 3)}/${dice.one(WORDS)}${given.size}`;
    given.set(name, made);
    return made;
  };
}

/** A random system under random names, with something outside, settings for its pools, and locks in its databases. */
export function incidentSystem(seed: number): SystemSpec {
  const dice = new Dice(randomStream(seed, "incident system"));
  const base = randomSystem({
    seed,
    services: dice.whole(7, 20),
    perSecond: dice.between(8, 45),
  });
  const [named, routed] = [namer(dice), routes(dice)];
  const operation = (one: OperationSpec): OperationSpec => ({
    ...one,
    name: routed(one.name),
    steps: (one.steps ?? []).map((step) =>
      step.map((call) => ({
        ...call,
        to: named(call.to),
        what: call.to.startsWith("svc-") ? routed(call.what) : call.what,
      })),
    ),
  });
  const services = base.services.map(
    (service): ServiceSpec => ({
      ...service,
      name: named(service.name),
      version: `${dice.whole(1, 5)}.${dice.whole(0, 30)}.${dice.whole(0, 9)}`,
      operations: service.operations.map(operation),
      links: Object.fromEntries(
        Object.entries(service.links ?? {}).map(([callee, link]) => [named(callee), link]),
      ),
      ...(dice.chance(0.4) ? { cpuLimitCores: dice.whole(1, 2) } : {}),
    }),
  );
  return {
    ...base,
    hosts: base.hosts.map((host) => ({ ...host, name: `node-${named(host.name)}` })),
    services: withOutside(dice, services, named("outside")).map((one) => ({
      ...withSettings(one),
      hosts: one.hosts.map((host) => `node-${named(host)}`),
    })),
    databases: (base.databases ?? []).map((one) => ({
      ...one,
      name: named(one.name),
      host: `node-${named(one.host)}`,
    })),
    externals: [
      { name: `api.${named("outside")}.example`, time: { ms: dice.between(8, 40), cv: 0.5 } },
    ],
    load: base.load.map((one) => ({
      ...one,
      service: named(one.service),
      operation: routed(one.operation),
      ...(dice.chance(0.5)
        ? { swing: { amplitude: dice.between(0.05, 0.2), periodMs: dice.between(60, 400) * 1000 } }
        : {}),
    })),
  };
}

/** One or two operations in the middle ask somebody outside. */
function withOutside(
  dice: Dice,
  services: readonly ServiceSpec[],
  word: string,
): readonly ServiceSpec[] {
  const chosen = new Set([dice.whole(1, services.length - 1), dice.whole(1, services.length - 1)]);
  const name = `api.${word}.example`;
  return services.map((service, at) => {
    if (!chosen.has(at)) return service;
    const [first, ...rest] = service.operations;
    if (first === undefined) return service;
    const steps = [...(first.steps ?? []), [{ to: name, what: "POST /quote" }]];
    return {
      ...service,
      operations: [{ ...first, steps }, ...rest],
      links: { ...service.links, [name]: { timeoutMs: 2_000, retries: dice.whole(0, 1) } },
    };
  });
}

function withSettings(service: ServiceSpec): ServiceSpec {
  const pools = Object.entries(service.links ?? {}).flatMap(([callee, { poolSize }]) =>
    poolSize === undefined
      ? []
      : [
          [
            `pool-${callee}`,
            { controls: "poolSize" as const, callee, value: String(poolSize) },
          ] as const,
        ],
  );
  return { ...service, settings: Object.fromEntries(pools) };
}

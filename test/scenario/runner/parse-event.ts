import type { Intervention } from "../../../src/simulator/intervention.ts";
import type { Behaviour, CallSpec } from "../../../src/simulator/system-spec.ts";
import type { Event } from "./statement.ts";
import type { Tokens } from "./tokens.ts";

type Write<T> = { -readonly [Key in keyof T]: T[Key] };

/** Limit: times that one call is repeated in one request. */
const REPEATED_MAX = 50;

/** `{ cpu x3, errors 30%, only "GET /" }`; without it a version differs in nothing but its name. */
function behaviour(tokens: Tokens): Behaviour {
  if (!tokens.takes("{")) return {};
  const effects: Write<Behaviour> = {};
  do readEffect(tokens, effects);
  while (tokens.takes(","));
  tokens.require("}");
  return effects;
}

function readEffect(tokens: Tokens, effects: Write<Behaviour>): void {
  const word = tokens.take("an effect");
  switch (word) {
    case "cpu":
      effects.cpuFactor = tokens.factor();
      return;
    case "wait":
      effects.waitFactor = tokens.factor();
      return;
    case "errors":
      effects.errorShare = tokens.share();
      return;
    case "asks":
      effects.calleeFactor = {
        ...effects.calleeFactor,
        [tokens.take("a callee")]: tokens.factor(),
      };
      return;
    case "calls":
      effects.extraCalls = [...(effects.extraCalls ?? []), ...repeatedCall(tokens)];
      return;
    case "skips":
      effects.skips = [...(effects.skips ?? []), tokens.take("a callee")];
      return;
    case "only":
      effects.operations = [...(effects.operations ?? []), tokens.take("an operation")];
      return;
    default:
      tokens.fail(`"${word}" is no effect: cpu, wait, errors, asks, calls, skips, only`);
  }
}

function repeatedCall(tokens: Tokens): readonly CallSpec[] {
  const call = { to: tokens.take("a callee"), what: tokens.take("what is called") };
  const times = tokens.factor();
  if (!Number.isInteger(times) || times < 1 || times > REPEATED_MAX)
    tokens.fail(`calls are repeated x1 to x${REPEATED_MAX}`);
  return Array.from({ length: times }, () => call);
}

function link(tokens: Tokens): { readonly caller: string; readonly callee: string } {
  const caller = tokens.take("a caller");
  tokens.require("->");
  return { caller, callee: tokens.take("a callee") };
}

/** `900ms/100ms`: the one, then the other. */
function alternation(tokens: Tokens): readonly [number, number] {
  const first = tokens.durationMs();
  tokens.require("then");
  return [first, tokens.durationMs()];
}

type Read = (tokens: Tokens) => Intervention;

const INTERVENTIONS: Readonly<Record<string, Read>> = {
  deploy: (tokens) => ({
    type: "deploy",
    service: tokens.take("a service"),
    version: tokens.take("a version"),
    behaviour: behaviour(tokens),
  }),
  rollback: (tokens) => ({
    type: "rollback",
    service: tokens.take("a service"),
    version: tokens.take("a version"),
  }),
  scale: (tokens) => ({
    type: "scale",
    service: tokens.take("a service"),
    replicas: tokens.number("the number of replicas"),
  }),
  restart: (tokens) => {
    const service = tokens.take("a service");
    return tokens.isAtEnd
      ? { type: "restart", service }
      : { type: "restart", service, instance: tokens.take("an instance") };
  },
  flag: (tokens) => ({
    type: "flag",
    flag: tokens.take("a flag"),
    variant: tokens.take("a variant"),
  }),
  set: (tokens) => ({
    type: "setting",
    service: tokens.take("a service"),
    setting: tokens.take("a setting"),
    value: tokens.take("a value"),
  }),
  limit: (tokens) => ({
    type: "limit",
    ...link(tokens),
    maxConcurrent: tokens.number("the most concurrent calls"),
  }),
  load: (tokens) => {
    const factor = tokens.factor();
    return tokens.takes("on")
      ? { type: "load", factor, operation: tokens.take("an operation") }
      : { type: "load", factor };
  },
  slow: slow,
  ration: (tokens) => {
    const instance = tokens.take("an instance");
    tokens.require("paused");
    const [pausedMs, runningMs] = alternation(tokens);
    return { type: "ration", instance, pausedMs, runningMs };
  },
  stop: (tokens) => {
    const service = tokens.take("a service");
    return tokens.isAtEnd
      ? { type: "stop", service }
      : { type: "stop", service, instance: tokens.take("an instance") };
  },
  delay: (tokens) => ({ type: "delay", ...link(tokens), ms: tokens.durationMs() }),
  fail: (tokens) => ({
    type: "failing",
    external: tokens.take("an external"),
    share: tokens.share(),
  }),
  lock: (tokens) => {
    const lock = { database: tokens.take("a database"), table: tokens.take("a table") };
    tokens.require("held");
    const [heldMs, freeMs] = alternation(tokens);
    return { type: "lock", ...lock, heldMs, freeMs };
  },
};

function slow(tokens: Tokens): Intervention {
  if (tokens.takes("host"))
    return { type: "slow-host", host: tokens.take("a host"), factor: tokens.factor() };
  if (tokens.takes("instance"))
    return { type: "slow-instance", instance: tokens.take("an instance"), factor: tokens.factor() };
  return { type: "pace", of: tokens.take("a database or external"), factor: tokens.factor() };
}

/** What happens, after `at TIME`. */
export function parseEvent(tokens: Tokens): Event {
  if (tokens.takes("telemetry")) return telemetry(tokens);
  if (tokens.takes("orrery")) return restart(tokens);
  const verb = tokens.take("an event");
  const read = INTERVENTIONS[verb];
  if (read === undefined)
    tokens.fail(
      `"${verb}" is no event: ${[...Object.keys(INTERVENTIONS), "telemetry", "orrery"].join(", ")}`,
    );
  return { type: "intervention", intervention: read(tokens) };
}

function telemetry(tokens: Tokens): Event {
  const service = tokens.takes("of") ? tokens.take("a service") : undefined;
  const word = tokens.take("lost or back");
  if (word !== "lost" && word !== "back") tokens.fail(`telemetry is lost or back, not "${word}"`);
  const isOn = word === "back";
  return service === undefined ? { type: "telemetry", isOn } : { type: "telemetry", isOn, service };
}

function restart(tokens: Tokens): Event {
  const word = tokens.take("restarts or is killed");
  const isKilled = word === "killed";
  if (!isKilled && word !== "restarts") tokens.fail(`orrery restarts or is killed, not "${word}"`);
  return { type: "restart", isKilled, downMs: tokens.takes("for") ? tokens.durationMs() : 0 };
}

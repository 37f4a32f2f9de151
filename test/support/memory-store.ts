import { OperationError } from "../../src/errors.ts";
import { canonicalJson } from "../../src/incident/action.ts";
import { EVENT_BYTES_MAX, type Store, type StoredEvent } from "../../src/store/store.ts";

function stored(value: unknown): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > EVENT_BYTES_MAX)
    throw new OperationError("event_too_large", `at most ${EVENT_BYTES_MAX} bytes`);
  return text;
}

/** The store's contract in memory; survives the app that uses it, so that tests can restart one. */
export function createMemoryStore(): Store {
  const events: StoredEvent[] = [];
  const documents = new Map<string, Map<string, string>>();
  const bucket = (name: string): Map<string, string> => {
    const found = documents.get(name) ?? new Map<string, string>();
    documents.set(name, found);
    return found;
  };
  const parsed = (text: string | undefined): unknown =>
    text === undefined ? undefined : JSON.parse(text);
  return {
    append: async (stream, expectedVersion, added) => {
      const bodies = added.map((event) => stored(event.body));
      const version = events.filter((event) => event.stream === stream).length;
      if (version !== expectedVersion)
        throw new OperationError("version_conflict", `${stream} is at ${version}`);
      added.forEach((event, i) => {
        events.push({
          ...event,
          body: parsed(bodies[i]),
          stream,
          version: version + i + 1,
          position: events.length + 1,
        });
      });
      return version + added.length;
    },
    read: async (stream) => events.filter((event) => event.stream === stream),
    readCategory: async (category, after, limit) =>
      events
        .filter((event) => event.stream.startsWith(`${category}/`) && event.position > after)
        .slice(0, limit),
    insertIfAbsent: async (name, key, value) => {
      if (bucket(name).has(key)) return false;
      bucket(name).set(key, stored(value));
      return true;
    },
    put: async (name, key, value) => {
      bucket(name).set(key, stored(value));
    },
    get: async (name, key) => parsed(bucket(name).get(key)),
    compareAndSet: async (name, key, expected, next) => {
      if (canonicalJson(parsed(bucket(name).get(key))) !== canonicalJson(expected)) return false;
      bucket(name).set(key, stored(next));
      return true;
    },
    list: async (name) => [...bucket(name)].map(([key, value]) => ({ key, value: parsed(value) })),
    remove: async (name, key) => {
      bucket(name).delete(key);
    },
    close: async () => undefined,
  };
}

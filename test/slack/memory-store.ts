import { OperationError } from "../../src/errors.ts";
import { canonicalJson } from "../../src/incident/action.ts";
import type { Store, StoredEvent } from "../../src/store/store.ts";

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
      const version = events.filter((event) => event.stream === stream).length;
      if (version !== expectedVersion)
        throw new OperationError("version_conflict", `${stream} is at ${version}`);
      added.forEach((event, i) => {
        const body: unknown = JSON.parse(JSON.stringify(event.body));
        events.push({
          ...event,
          body,
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
      bucket(name).set(key, JSON.stringify(value));
      return true;
    },
    put: async (name, key, value) => {
      bucket(name).set(key, JSON.stringify(value));
    },
    get: async (name, key) => parsed(bucket(name).get(key)),
    compareAndSet: async (name, key, expected, next) => {
      if (canonicalJson(parsed(bucket(name).get(key))) !== canonicalJson(expected)) return false;
      bucket(name).set(key, JSON.stringify(next));
      return true;
    },
    list: async (name) => [...bucket(name)].map(([key, value]) => ({ key, value: parsed(value) })),
    remove: async (name, key) => {
      bucket(name).delete(key);
    },
    close: async () => undefined,
  };
}

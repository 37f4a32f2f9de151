// Says that it is ready, waits for a line, then appends to one stream until it is killed or has appended enough; tells what the store acknowledged, line by line.
import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { isOperationError } from "../../src/errors.ts";
import { createMeter } from "../../src/meter.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const store = await openSqliteStore({ path, clock: systemClock, meter: createMeter() });
writeSync(1, "ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
let version = (await store.read("incident/shared")).length;
for (let i = 0; i < Number(count); ) {
  try {
    const body = { name, i, filler: "x".repeat(500) };
    version = await store.append("incident/shared", version, [{ type: "note", atMs: i, body }]);
    writeSync(1, `${version} ${name} ${i}\n`);
    i += 1;
    // Lets the other have its turn, whatever the scheduler of a busy machine does.
    if (i % 5 === 0) await sleep(2);
  } catch (error) {
    if (!isOperationError(error, "version_conflict")) throw error;
    version = (await store.read("incident/shared")).length;
  }
}
await store.close();

// Posts what its parent hands it, four requests at a time, and tells the statuses.
import { Agent, request } from "node:http";

interface Task {
  readonly url: string;
  readonly encoding: "protobuf" | "json";
  readonly zipped: readonly Uint8Array[];
}

const AT_A_TIME = 4;
const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });

function post(url: string, encoding: Task["encoding"], body: Uint8Array): Promise<number> {
  const type = encoding === "json" ? "application/json" : "application/x-protobuf";
  const headers = {
    "content-type": type,
    "content-encoding": "gzip",
    "content-length": body.length,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function run({ url, encoding, zipped }: Task): Promise<void> {
  const statuses = new Map<number, number>();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let body = zipped[next]; body !== undefined; body = zipped[next]) {
      next += 1;
      const status = await post(url, encoding, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  process.send?.(statuses);
}

process.on("message", (task) => {
  void run(task as Task);
});
process.send?.("ready");

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Payload } from "./payload.ts";

/** Another process that posts bodies, so that its CPU time is not counted. */
export class Sender {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Sender> {
    const child = fork(new URL("./sender-process.ts", import.meta.url), {
      serialization: "advanced",
    });
    await once(child, "message");
    return new Sender(child);
  }

  /** Posts all bodies, a few at a time; resolves with the statuses that were answered. */
  async post(
    url: string,
    { kind, encoding, zipped }: Payload,
  ): Promise<ReadonlyMap<number, number>> {
    this.#child.send({ url: `${url}/v1/${kind}`, encoding, zipped });
    const [statuses] = await once(this.#child, "message");
    return statuses;
  }

  stop(): void {
    this.#child.kill();
  }
}

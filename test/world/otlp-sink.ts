import { createServer, type IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";

/** A receiver of OTLP/JSON and of change events that keeps what arrives, as text. */
export interface Sink {
  readonly url: string;
  readonly bodies: Map<string, string[]>;
  readonly close: () => Promise<void>;
}

export async function openSink(): Promise<Sink> {
  const bodies = new Map<string, string[]>();
  const server = createServer((request, response) => {
    read(request).then(
      (text) => {
        const path = request.url ?? "";
        bodies.set(path, [...(bodies.get(path) ?? []), text]);
        response.writeHead(200, { "content-type": "application/json" }).end("{}");
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString(
    "utf8",
  );
}

import type { IncomingMessage, ServerResponse } from "node:http";

/** Names under which the loopback server may be addressed; any other Host is somebody else's page (DNS rebinding). */
const HOSTS = ["127.0.0.1", "localhost"];

/**
 * Whether this request may be served at all: addressed to this server by a loopback name, and, where a browser says
 * from which page it comes, from this server's own page.
 */
export function isOwnRequest(request: IncomingMessage, port: number): boolean {
  const own = HOSTS.map((host) => `${host}:${port}`);
  const { host, origin } = request.headers;
  if (host === undefined || !own.includes(host)) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  const site = request.headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return true;
  // A link on another page may open the workspace, but nothing else may be loaded from there.
  return request.method === "GET" && request.headers["sec-fetch-mode"] === "navigate";
}

/** A change asked for by the page: the browser must name the page's own origin, and send JSON, which no form can. */
export function isOwnPost(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  const type = request.headers["content-type"] ?? "";
  return origin === `http://${host}` && type.split(";")[0] === "application/json";
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
}

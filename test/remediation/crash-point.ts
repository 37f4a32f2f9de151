// Preloaded into the real executor: ends it as kill -9 does, at the point of its life that CRASH_AT names.
const crashAt = process.env.CRASH_AT;
const request = globalThis.fetch;

function die(point: string): void {
  if (point === crashAt) process.kill(process.pid, "SIGKILL");
}

globalThis.fetch = async (url, options) => {
  const isAction = options?.method === "POST";
  die(isAction ? "claimed, not sent" : "not claimed");
  const response = await request(url, options);
  die(isAction ? "answered, not recorded" : "checked, not claimed");
  return response;
};

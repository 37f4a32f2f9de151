import { payloads } from "./ingest/payload.ts";
import { createDecodeContext } from "../../src/telemetry/otlp/context.ts";
import { decodeOtlp } from "../../src/telemetry/otlp/decode.ts";
import { StringCache } from "../../src/telemetry/otlp/string-cache.ts";
import { createWorld } from "../../src/model/world.ts";
const cpu = () => { const u = process.cpuUsage(); return (u.user+u.system)/1000; };
const now = Math.floor(Date.now()/5000)*5000;
const p = payloads(now, 30, 10_000)[0]!;
const strings = new StringCache();
const world = createWorld();
for (let r=0;r<1;r++) {
  let t=cpu(); let app=0, adv=0, dec=0; let n=0;
  for (const b of p.bodies) {
    n += 512; const at = now - 30000 + n/10 + 500;
    let t0=cpu();
    const c = createDecodeContext({source:"otlp", receivedMs: at, strings});
    const s = decodeOtlp({kind:p.kind, encoding:p.encoding, body:b}, c); 
    let t1=cpu(); dec += t1-t0;
    for (const x of s) world.apply(x);
    let t2=cpu(); app += t2-t1;
    world.advance(at);
    adv += cpu()-t2;
  }
  world.advance(now+20000);
  const total = cpu()-t;
  console.log({total: Math.round(p.items/total), dec: Math.round(p.items/dec), app: Math.round(p.items/app), adv: Math.round(p.items/adv)}, world.stats());
}

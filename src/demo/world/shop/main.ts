// One process, one instance of one service of the shop.
import { setDefaultAutoSelectFamily } from "node:net";
import { instanceIdentitySchema } from "../contract.ts";
import { startTelemetry } from "./telemetry.ts";

setDefaultAutoSelectFamily(false);
// The stable HTTP and database conventions, without the older ones beside them.
process.env.OTEL_SEMCONV_STABILITY_OPT_IN = "http,database";
const identity = instanceIdentitySchema.parse(process.env);
const stopTelemetry = startTelemetry(identity);
// Instrumented libraries may load only now.
const { startInstance } = await import("./instance.ts");
await startInstance(identity, stopTelemetry);

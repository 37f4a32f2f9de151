import { FastifyOtelInstrumentation } from "@fastify/otel";
import { metrics } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { InstanceIdentity } from "../contract.ts";

const SPAN_DELAY_MS = 1_000;
const METRIC_INTERVAL_MS = 5_000;
const EXPORT_TIMEOUT_MS = 3_000;
/** Limit: spans kept while the collector does not answer; older ones are dropped by the SDK. */
const SPAN_QUEUE_MAX = 8_192;
/** Limit: with the collector gone, the SDK's own shutdown retries for seconds. */
const SHUTDOWN_MAX_MS = 500;

/**
 * OpenTelemetry's own instrumentation, set up before any instrumented library loads.
 * Contract: the caller imports the service code only after this has returned.
 */
export function startTelemetry(identity: InstanceIdentity): () => Promise<void> {
  const resource = resourceFromAttributes({
    "service.name": identity.SHOP_SERVICE,
    "service.version": identity.SHOP_VERSION,
    "service.instance.id": identity.SHOP_INSTANCE,
    "host.name": identity.SHOP_NODE,
    "cloud.availability_zone": identity.SHOP_ZONE,
    "deployment.environment.name": "demo",
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "process.pid": process.pid,
  });
  const url = (signal: string): string => `${identity.SHOP_OTLP_ENDPOINT}/v1/${signal}`;
  const tracerProvider = new NodeTracerProvider({
    resource,
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url: url("traces"), timeoutMillis: EXPORT_TIMEOUT_MS }),
        {
          scheduledDelayMillis: SPAN_DELAY_MS,
          maxQueueSize: SPAN_QUEUE_MAX,
          maxExportBatchSize: 1_024,
        },
      ),
    ],
  });
  tracerProvider.register();
  const meterProvider = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: url("metrics") }),
        exportIntervalMillis: METRIC_INTERVAL_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  metrics.setGlobalMeterProvider(meterProvider);
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({
        exporter: new OTLPLogExporter({ url: url("logs") }),
        scheduledDelayMillis: SPAN_DELAY_MS,
      }),
    ],
  });
  logs.setGlobalLoggerProvider(loggerProvider);
  registerInstrumentations({
    tracerProvider,
    meterProvider,
    loggerProvider,
    instrumentations: [
      new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true }),
      new FastifyOtelInstrumentation({
        registerOnInitialization: true,
        instrumentHooks: false,
        instrumentHandler: false,
      }),
      new UndiciInstrumentation(),
      new PgInstrumentation({ requireParentSpan: true }),
      new RuntimeNodeInstrumentation(),
      new PinoInstrumentation(),
    ],
  });
  const providers = [tracerProvider, meterProvider, loggerProvider];
  return async () => {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, SHUTDOWN_MAX_MS));
    await Promise.race([Promise.allSettled(providers.map((it) => it.shutdown())), limit]);
  };
}

export { isTelemetryError, TelemetryError, type TelemetryErrorCode } from './errors.ts';
export type { ProbeOptions } from './probes/server.ts';
export { type EarlyTelemetry, runningTelemetry, type StartingTelemetry, startTelemetry, type Telemetry } from './start.ts';
export type { TelemetryOptions } from './start-options.ts';
export type { BaggageOptions } from './tracing/baggage.ts';
export { fileSpans, type FileSpansOptions } from './tracing/file.ts';
export { setHttpRoute } from './tracing/route.ts';
export type { FinishedSpan, SpanProcessor } from './tracing/span.ts';

export { lintMetrics, type MetricProblem } from './testing/lint.ts';
export { type MemoryLogs, memoryLogs } from './testing/logs.ts';
export { type MatcherResult, type SpanExpectation, telemetryMatchers, type TelemetryMatchers } from './testing/matchers.ts';
export { kindOf, type MemorySpans, memorySpans } from './testing/spans.ts';
export type { FinishedSpan, SpanProcessor } from './tracing/span.ts';

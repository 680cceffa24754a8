export { lintMetrics, type MetricProblem } from './testing/lint.ts';
export { type MemoryLogs, memoryLogs } from './testing/logs.ts';
export { kindOf, type MemorySpans, memorySpans } from './testing/spans.ts';
export type { FinishedSpan, SpanProcessor } from './tracing/span.ts';

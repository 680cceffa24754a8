// Spans and log lines in memory, for a test of your own.
import { trace } from '@opentelemetry/api';
import { startTelemetry } from '@nines/telemetry';
import { kindOf, memoryLogs, memorySpans } from '@nines/telemetry/testing';

const logs = memoryLogs();
const spans = memorySpans();
const telemetry = await startTelemetry({ serviceName: 'under-test', logs: { destination: logs }, traces: { spanProcessors: [spans] } });
trace.getTracer('example').startActiveSpan('work', (span) => {
  telemetry.logger.info('inside');
  span.end();
});
const span = await spans.waitFor(({ name }) => name === 'work');
console.log(kindOf(span), logs.lines[0]?.['trace_id'] === span.spanContext().traceId);
await telemetry.shutdown();

import type { Span } from './span.ts';

/** A trace as the query API of Jaeger gives it, as far as a program asks for it; undefined for one without spans. */
export function asJaeger(spans: readonly Span[]): object | undefined {
  const [first] = spans;
  if (first === undefined) return undefined;
  const { traceId: traceID } = first;
  const services = [...new Set(spans.map(({ service }) => service))];
  const processOf = (service: string) => `p${services.indexOf(service) + 1}`;
  return {
    data: [
      {
        traceID,
        spans: spans.map(({ spanId, parentSpanId, name, service, startMs, durationMs }) => ({
          traceID,
          spanID: spanId,
          operationName: name,
          references: parentSpanId === undefined ? [] : [{ refType: 'CHILD_OF', traceID, spanID: parentSpanId }],
          // Microseconds.
          startTime: Math.round(startMs * 1000),
          duration: Math.round(durationMs * 1000),
          processID: processOf(service),
        })),
        processes: Object.fromEntries(services.map((service) => [processOf(service), { serviceName: service }])),
      },
    ],
  };
}

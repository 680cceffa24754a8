import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { AlwaysOffSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Tracing } from './peer.ts';

/** Spans are recorded, batched and dropped: what an exporter costs is the exporter's. */
const nowhere = {
  export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

/** Switches tracing on in this process, as a service does at its start. */
export function startTracing(tracing: Tracing): void {
  if (tracing === 'none') return;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const processor = new BatchSpanProcessor({ exporter: nowhere, maxQueueSize: 1_000_000 });
  trace.setGlobalTracerProvider(
    new TracerProvider({
      spanProcessors: [processor],
      ...(tracing === 'unsampled' ? { sampler: new AlwaysOffSampler() } : {}),
    }),
  );
  if (tracing === 'traced and metrics') metrics.setGlobalMeterProvider(new MeterProvider());
}

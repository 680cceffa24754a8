import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createConsumer, defineQueue } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { memoryStore } from '@nines/queue/testing';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
});
beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
});

test('a job of a schedule begins a trace of its own, which nobody sent', async () => {
  const store = memoryStore();
  const queue = defineQueue<string>({ name: 'orders' });
  const tracer = trace.getTracer('test');
  const startUp = tracer.startSpan('start-up');
  const scheduler = createScheduler(queue, { store });
  await context.with(trace.setSpan(context.active(), startUp), () => scheduler.upsert('hourly', { everyMs: 3_600_000 }, 'run'));
  startUp.end();
  await scheduler.start();
  const consumer = createConsumer(queue, () => {}, { store });
  await consumer.start();
  store.advance(3_600_000);
  await store.drain();
  await consumer.stop();
  await scheduler.close();
  const spans = exporter.getFinishedSpans();
  expect(spans.map(({ name }) => name)).toEqual(['start-up', 'process orders']);
  expect(spans[1]?.parentSpanContext).toBeUndefined();
  expect(spans[1]?.spanContext().traceId).not.toBe(startUp.spanContext().traceId);
});

import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { createBatchConsumer, createConsumer, createProducer, defineQueue, fixed } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { memoryStore } from '@nines/queue/testing';
import { recordedSpans } from './recorded-spans.ts';

const exporter = recordedSpans();

test('a batch has one span: a trace of its own, with a link to what enqueued each of its jobs', async () => {
  const store = memoryStore();
  const queue = defineQueue<string>({ name: 'orders', backoff: fixed(1) });
  const producer = createProducer(queue, { store });
  const ids = (await producer.enqueueMany(['a', 'b', 'c'])).map((result) => (result.status === 'fulfilled' ? result.value.id : ''));
  let active: string | undefined;
  const consumer = createBatchConsumer(
    queue,
    (jobs) => {
      active ??= trace.getActiveSpan()?.spanContext().spanId;
      const reason = new RangeError('b is not for me');
      return jobs.map(({ payload, context: { attempt } }) =>
        payload === 'b' && attempt === 1 ? { status: 'rejected', reason } : { status: 'fulfilled', value: undefined },
      );
    },
    { store, size: 10 },
  );
  await consumer.start();
  await store.drain({ delayed: true });
  await consumer.stop();
  const spans = exporter.getFinishedSpans();
  const sends = spans.filter(({ name }) => name === 'send orders').map((span) => span.spanContext().spanId);
  const [first, second, ...others] = spans.filter(({ name }) => name === 'process orders');
  expect(others).toEqual([]);
  expect(first?.kind).toBe(SpanKind.CONSUMER);
  expect(first?.parentSpanContext).toBeUndefined();
  expect(first?.spanContext().spanId).toBe(active);
  expect(first?.attributes).toMatchObject({
    'messaging.system': 'nines',
    'messaging.operation.type': 'process',
    'messaging.batch.message_count': 3,
    'error.type': 'RangeError',
  });
  expect(first?.status.code).toBe(SpanStatusCode.ERROR);
  expect(first?.links.map(({ context: of, attributes }) => [of.spanId, attributes?.['messaging.message.id']])).toEqual(
    sends.map((send, at) => [send, ids[at]]),
  );
  expect(second?.attributes['messaging.batch.message_count']).toBe(1);
  expect(second?.status.code).toBe(SpanStatusCode.UNSET);
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

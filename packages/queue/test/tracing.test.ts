import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createConsumer, createProducer, defineQueue, fixed, type Handler } from '@nines/queue';
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

/** Enqueues under an active span, and consumes until the handler was called `runs` times. */
async function runJob(handler: Handler<string>, runs = 1) {
  const store = memoryStore();
  const queue = defineQueue<string>({ name: 'orders', backoff: fixed(1) });
  const done = Promise.withResolvers<void>();
  let count = 0;
  const producer = createProducer(queue, { store });
  const tracer = trace.getTracer('test');
  const request = tracer.startSpan('POST /process');
  const baggage = propagation.createBaggage({ tenant: { value: 'a&b=c' } });
  const { id } = await context.with(propagation.setBaggage(trace.setSpan(context.active(), request), baggage), () =>
    producer.enqueue('secret-payload'),
  );
  request.end();
  const consumer = createConsumer(
    queue,
    async (job, jobContext) => {
      count += 1;
      if (count === runs) done.resolve();
      return handler(job, jobContext);
    },
    { store },
  );
  await consumer.start();
  await done.promise;
  await consumer.stop();
  const spans = exporter.getFinishedSpans();
  const named = (name: string) => spans.filter((span) => span.name === name);
  return { id, spans, request: request.spanContext(), send: named('send orders')[0]!, process: named('process orders') };
}

test('one trace runs from the request over send to process, with kinds and attributes of the messaging conventions', async () => {
  const { id, request, send, process } = await runJob(() => {});
  expect(send.kind).toBe(SpanKind.PRODUCER);
  expect(send.parentSpanContext?.spanId).toBe(request.spanId);
  expect(process[0]?.kind).toBe(SpanKind.CONSUMER);
  expect(process[0]?.parentSpanContext?.spanId).toBe(send.spanContext().spanId);
  expect(process[0]?.spanContext().traceId).toBe(request.traceId);
  for (const [span, operation] of [
    [send, 'send'],
    [process[0]!, 'process'],
  ] as const) {
    expect(span.attributes).toMatchObject({
      'messaging.system': 'nines',
      'messaging.operation.name': operation,
      'messaging.operation.type': operation,
      'messaging.destination.name': 'orders',
      'messaging.message.id': id,
    });
  }
});

test('what the handler does happens inside the process span, with the baggage of the request', async () => {
  let inside: { spanId: string | undefined; tenant: string | undefined } | undefined;
  const { process } = await runJob(() => {
    inside = { spanId: trace.getActiveSpan()?.spanContext().spanId, tenant: propagation.getActiveBaggage()?.getEntry('tenant')?.value };
  });
  expect(inside).toEqual({ spanId: process[0]?.spanContext().spanId, tenant: 'a&b=c' });
});

test('a retry is a child of the same creation context and links to the attempt before it', async () => {
  const { send, process } = await runJob((_job, { attempt }) => {
    if (attempt === 1) throw new TypeError('secret-payload');
  }, 2);
  const [first, second] = process;
  expect(first?.status.code).toBe(SpanStatusCode.ERROR);
  expect(first?.attributes['error.type']).toBe('TypeError');
  expect(second?.parentSpanContext?.spanId).toBe(send.spanContext().spanId);
  expect(second?.links.map((link) => link.context.spanId)).toEqual([first?.spanContext().spanId]);
  expect(second?.status.code).toBe(SpanStatusCode.UNSET);
});

test('no payload and no message of an error is in any span', async () => {
  const { spans } = await runJob((_job, { attempt }) => {
    if (attempt === 1) throw new Error('secret-payload');
  }, 2);
  const written = JSON.stringify(spans.map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links })));
  expect(written).toContain('process orders');
  expect(written).not.toContain('secret-payload');
});

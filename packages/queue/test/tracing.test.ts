import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import {
  createConsumer,
  createInspector,
  createProducer,
  defineQueue,
  fixed,
  type Consumer,
  type ConsumerSettings,
  type EnqueueOptions,
  type Handler,
  type Queue,
} from '@nines/queue';
import { memoryStore, type MemoryStore } from '@nines/queue/testing';
import { recordedSpans } from './recorded-spans.ts';

const exporter = recordedSpans();

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

/** The spans of one job on a store whose time the test moves. */
async function spansOf(
  act: (parts: {
    store: MemoryStore;
    queue: Queue<string>;
    enqueue: (options?: EnqueueOptions) => Promise<string>;
    consume: (handler?: Handler<string>, options?: Partial<ConsumerSettings>) => Promise<Consumer>;
  }) => Promise<void>,
  server?: { readonly address: string; readonly port: number },
) {
  const memory = memoryStore();
  const store = Object.assign((queue: Queue<unknown>) => ({ ...memory(queue), server }), { advance: memory.advance, drain: memory.drain });
  const queue = defineQueue<string>({ name: 'orders', backoff: fixed(1), maxAttempts: 1 });
  const producer = createProducer(queue, { store });
  await act({
    store: store as unknown as MemoryStore,
    queue,
    enqueue: async (options) => (await producer.enqueue('secret-payload', options)).id,
    async consume(handler = () => {}, options = {}) {
      const consumer = createConsumer(queue, handler, { store, ...options });
      await consumer.start();
      return consumer;
    },
  });
  const spans = exporter.getFinishedSpans();
  return {
    send: spans.filter(({ name }) => name === 'send orders'),
    process: spans.filter(({ name }) => name === 'process orders'),
    spans,
  };
}

test('a delay of more than a minute begins a trace of its own, linked to the one that enqueued the job; a shorter one does not', async () => {
  const { send, process } = await spansOf(async ({ store, enqueue, consume }) => {
    await enqueue({ delayMs: 60_001 });
    await enqueue({ delayMs: 60_000 });
    store.advance(60_001);
    const consumer = await consume();
    await store.drain();
    await consumer.stop();
  });
  const linked = process.find(({ links }) => links.length === 1);
  const continued = process.find(({ links }) => links.length === 0);
  expect(linked?.parentSpanContext).toBeUndefined();
  expect(linked?.links[0]?.context.spanId).toBe(send[0]?.spanContext().spanId);
  expect(linked?.spanContext().traceId).not.toBe(send[0]?.spanContext().traceId);
  expect(continued?.parentSpanContext?.spanId).toBe(send[1]?.spanContext().spanId);
});

test('a redriven job begins a trace of its own, linked to the one that enqueued it', async () => {
  let healthy = false;
  const { send, process } = await spansOf(async ({ store, queue, enqueue, consume }) => {
    await enqueue();
    const consumer = await consume(() => {
      if (!healthy) throw new Error('no');
    });
    await store.drain();
    healthy = true;
    await createInspector(queue, { store }).redrive({ limit: 1 });
    await store.drain();
    await consumer.stop();
  });
  expect(process).toHaveLength(2);
  expect(process[1]?.parentSpanContext).toBeUndefined();
  expect(process[1]?.links.map(({ context: { spanId } }) => spanId)).toEqual([send[0]?.spanContext().spanId]);
});

test('trace: link begins a trace for every attempt', async () => {
  const { send, process } = await spansOf(async ({ store, enqueue, consume }) => {
    await enqueue();
    const consumer = await consume(() => {}, { trace: 'link' });
    await store.drain();
    await consumer.stop();
  });
  expect(process[0]?.parentSpanContext).toBeUndefined();
  expect(process[0]?.links.map(({ context: { spanId } }) => spanId)).toEqual([send[0]?.spanContext().spanId]);
});

test('clientSpans records each call that receives or settles, with the number of jobs and their links; without it there is none', async () => {
  const run = (clientSpans: boolean) =>
    spansOf(async ({ store, enqueue, consume }) => {
      for (let n = 0; n < 130; n += 1) await enqueue();
      const consumer = await consume(() => {}, { clientSpans, concurrency: 200 });
      await store.drain();
      await consumer.stop();
    });
  const names = (spans: readonly { name: string }[]) => [...new Set(spans.map(({ name }) => name))].toSorted();
  expect(names((await run(false)).spans)).toEqual(['process orders', 'send orders']);
  exporter.reset();
  const { send, spans } = await run(true);
  expect(names(spans)).toEqual(['process orders', 'receive orders', 'send orders', 'settle orders']);
  for (const operation of ['receive', 'settle']) {
    const calls = spans.filter(({ name }) => name === `${operation} orders`);
    expect(calls.reduce((sum, { attributes }) => sum + Number(attributes['messaging.batch.message_count']), 0)).toBe(130);
    expect(calls[0]?.kind).toBe(SpanKind.CLIENT);
    expect(calls[0]?.parentSpanContext).toBeUndefined();
    expect(calls[0]?.attributes).toMatchObject({ 'messaging.operation.name': operation, 'messaging.operation.type': operation });
    expect(calls[0]?.links.length).toBe(Math.min(128, Number(calls[0]?.attributes['messaging.batch.message_count'])));
    expect(send.map((span) => span.spanContext().spanId)).toContain(calls[0]?.links[0]?.context.spanId);
  }
});

test('spans name the server', async () => {
  const { spans } = await spansOf(
    async ({ store, enqueue, consume }) => {
      await enqueue();
      const consumer = await consume(() => {}, { clientSpans: true });
      await store.drain();
      await consumer.stop();
    },
    { address: 'redis.internal', port: 6380 },
  );
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['process orders', 'receive orders', 'send orders', 'settle orders']);
  for (const { attributes } of spans) expect(attributes).toMatchObject({ 'server.address': 'redis.internal', 'server.port': 6380 });
});

test('every attribute and value of a span has the name of the published conventions, but the one of ours', async () => {
  const { spans } = await spansOf(
    async ({ store, enqueue, consume }) => {
      await enqueue();
      const consumer = await consume(
        () => {
          throw new TypeError('secret-payload');
        },
        { clientSpans: true },
      );
      await store.drain();
      await consumer.stop();
    },
    { address: 'redis.internal', port: 6380 },
  );
  const published = new Set<unknown>(Object.values(conventions));
  const used = [...new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))].toSorted();
  expect(used).toEqual([
    conventions.ATTR_ERROR_TYPE,
    conventions.ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
    conventions.ATTR_MESSAGING_DESTINATION_NAME,
    conventions.ATTR_MESSAGING_DESTINATION_PARTITION_ID,
    conventions.ATTR_MESSAGING_MESSAGE_ID,
    conventions.ATTR_MESSAGING_OPERATION_NAME,
    conventions.ATTR_MESSAGING_OPERATION_TYPE,
    conventions.ATTR_MESSAGING_SYSTEM,
    'nines.queue.attempt',
    conventions.ATTR_SERVER_ADDRESS,
    conventions.ATTR_SERVER_PORT,
  ]);
  expect(used.filter((name) => !published.has(name))).toEqual(['nines.queue.attempt']);
  const types = new Set<unknown>([
    conventions.MESSAGING_OPERATION_TYPE_VALUE_SEND,
    conventions.MESSAGING_OPERATION_TYPE_VALUE_PROCESS,
    conventions.MESSAGING_OPERATION_TYPE_VALUE_RECEIVE,
    conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE,
  ]);
  expect(new Set(spans.map(({ attributes }) => attributes['messaging.operation.type']))).toEqual(types);
});

import { context, propagation, SpanStatusCode } from '@opentelemetry/api';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { Registry } from 'prom-client';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  createConsumer,
  createEvents,
  createProducer,
  DeadLetterError,
  defineQueue,
  fixed,
  type JobEvents,
  type QueueError,
} from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import { memoryStore } from '@nines/queue/testing';
import { recordedSpans } from './recorded-spans.ts';

const CANARY = 'canary-7f3a';
const exporter = recordedSpans();

/** Jobs that succeed, fail, die, are refused and enqueue others, with the canary in every payload, result, error and baggage. */
async function runEverything() {
  const kept = { results: { count: 100, ageMs: 60_000 }, events: true };
  const logged: string[] = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((...words) => void logged.push(words.map(String).join(' ')));
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      logged.push(String(text));
      return true;
    });
  const registry = new Registry();
  const metrics = prometheus(registry);
  const store = memoryStore();
  const schema = z.object({ kind: z.string(), secret: z.string() });
  const orders = defineQueue({ name: 'orders', schema, maxAttempts: 2, backoff: fixed(0), maxBodyBytes: 200, ...kept });
  const next = defineQueue<string>({ name: 'next' });
  const told: unknown[] = [];
  await using events = createEvents(orders, { store });
  const names: readonly (keyof JobEvents)[] = ['completed', 'retrying', 'dead', 'cancelled', 'lost'];
  for (const name of names) events.on(name, (event) => told.push(name, event));
  await events.ready();
  const troubles: QueueError[] = [];
  const producer = createProducer(orders, { store, metrics });
  let ended = 0;
  const all = Promise.withResolvers<void>();
  const consumer = createConsumer(
    orders,
    async ({ payload }, jobContext) => {
      ended += 1;
      if (ended === 5) all.resolve();
      await jobContext.enqueue(next, CANARY);
      if (payload.kind === 'fails') throw Object.assign(new TypeError(CANARY), { code: CANARY, cause: new Error(CANARY) });
      if (payload.kind === 'dies') throw new DeadLetterError(CANARY, { cause: CANARY });
      if (payload.kind === 'throws a string' && jobContext.attempt === 1) throw CANARY;
      return { [CANARY]: CANARY };
    },
    { store, metrics, clientSpans: true, onError: (error) => troubles.push(error) },
  );
  await consumer.start();
  const refusals: unknown[] = [];
  const ids: string[] = [];
  const baggage = propagation.createBaggage({ user: { value: CANARY } });
  await context.with(propagation.setBaggage(context.active(), baggage), async () => {
    for (const kind of ['works', 'fails', 'dies', 'throws a string']) ids.push((await producer.enqueue({ kind, secret: CANARY })).id);
    const wrong = [
      { kind: 1, secret: CANARY },
      { kind: 'big', secret: CANARY.repeat(50) },
    ] as never[];
    for (const payload of wrong) await producer.enqueue(payload).catch((error: unknown) => refusals.push(error));
  });
  await all.promise;
  const result = await producer.waitUntilCompleted(ids[0] ?? '', { timeoutMs: 30_000 });
  await consumer.stop();
  await producer.close();
  vi.restoreAllMocks();
  return { spans: exporter.getFinishedSpans(), metrics: await registry.metrics(), logged, refusals, troubles, told, result };
}

test('a canary in payload, result, error and baggage is in no span, metric, log line or error of ours', async () => {
  const { spans, metrics, logged, refusals, troubles, told, result } = await runEverything();
  // The result is kept, and those who wait for it get it; nobody else does.
  expect(result).toEqual({ [CANARY]: CANARY });
  expect(told).toEqual(expect.arrayContaining(['completed', 'retrying', 'dead']));
  expect(JSON.stringify(told)).not.toContain(CANARY);
  const written = JSON.stringify(spans.map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links })));
  expect(spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['send orders', 'process orders']));
  expect(written).not.toContain(CANARY);
  expect(metrics).toContain('nines_queue_attempts_total');
  expect(metrics).not.toContain(CANARY);
  expect(logged.join('\n')).not.toContain(CANARY);
  expect(refusals).toMatchObject([{ code: 'INVALID_PAYLOAD' }, { code: 'PAYLOAD_TOO_LARGE' }]);
  expect(refusals.concat(troubles).map(String).join('\n')).not.toContain(CANARY);
});

/** The kinds of operation that the published package knows. */
const operationTypes: ReadonlySet<unknown> = new Set(
  Object.entries(conventions).flatMap(([name, value]) => (name.startsWith('MESSAGING_OPERATION_TYPE_VALUE_') ? [value] : [])),
);

test('every span has the name and the attributes that the conventions require, and error.type when it failed and only then', async () => {
  const { spans } = await runEverything();
  expect(spans.length).toBeGreaterThan(8);
  expect(operationTypes.size).toBeGreaterThan(2);
  for (const { name, attributes, status } of spans) {
    expect(attributes, name).toMatchObject({
      [conventions.ATTR_MESSAGING_SYSTEM]: 'nines',
      [conventions.ATTR_MESSAGING_OPERATION_NAME]: expect.any(String),
      [conventions.ATTR_MESSAGING_DESTINATION_NAME]: expect.any(String),
    });
    expect(operationTypes.has(attributes[conventions.ATTR_MESSAGING_OPERATION_TYPE]), name).toBe(true);
    // {operation} {queue}
    const words = [conventions.ATTR_MESSAGING_OPERATION_NAME, conventions.ATTR_MESSAGING_DESTINATION_NAME].map((key) => attributes[key]);
    expect(name).toBe(words.join(' '));
    // Required when the operation failed, and only then.
    expect(attributes[conventions.ATTR_ERROR_TYPE] !== undefined, name).toBe(status.code === SpanStatusCode.ERROR);
  }
  expect(
    spans.filter(({ status }) => status.code === SpanStatusCode.ERROR).map(({ attributes }) => attributes[conventions.ATTR_ERROR_TYPE]),
  ).toEqual(expect.arrayContaining(['TypeError', 'DeadLetterError']));
});

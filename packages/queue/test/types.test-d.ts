import type { Redis } from 'ioredis';
import { expectTypeOf, test } from 'vitest';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import {
  createConsumer,
  createEvents,
  createInspector,
  createProducer,
  defineQueue,
  keepResults,
  type DeadReason,
  type EnqueueResult,
  type Job,
  type Producer,
  type Queue,
} from '@nines/queue';

declare const redis: Redis;

const plain = defineQueue<{ sku: string }>({ name: 'plain' });
const checked = defineQueue({ name: 'checked', schema: z.object({ at: z.string().transform((text) => new Date(text)) }) });

const producerOfChecked = () => createProducer(checked, { redis });

test('a producer takes the payload of the queue, the input of its schema', () => {
  const producer = createProducer(plain, { redis });
  expectTypeOf<Parameters<typeof producer.enqueue>[0]>().toEqualTypeOf<{ sku: string }>();
  expectTypeOf<Producer<{ at: string }>>().toEqualTypeOf<ReturnType<typeof producerOfChecked>>();
  expectTypeOf<Parameters<ReturnType<typeof producerOfChecked>['enqueue']>[0]>().toEqualTypeOf<{ at: string }>();
  expectTypeOf(producer.enqueue({ sku: 'A-1' })).resolves.toEqualTypeOf<EnqueueResult>();
  // @ts-expect-error Type 'number' is not assignable to type 'string'.
  void producer.enqueue({ sku: 1 });
  // @ts-expect-error 'skv' does not exist in type
  void producer.enqueue({ skv: 'A-1' });
});

test('a handler gets the payload of the queue, the output of its schema', () => {
  createConsumer(plain, (job) => expectTypeOf(job).toEqualTypeOf<Job<{ sku: string }>>(), { redis });
  createConsumer(checked, ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ at: Date }>(), { redis });
});

test('a handler enqueues the payload of the other queue, the input of its schema', () => {
  createConsumer(
    plain,
    (_job, context) => {
      expectTypeOf(context.enqueue(checked, { at: '2026-01-01' })).resolves.toEqualTypeOf<{ readonly id: string }>();
      void context.enqueue(plain, { sku: 'A-1' }, { delayMs: 5 });
      // @ts-expect-error Type 'Date' is not assignable to type 'string'.
      void context.enqueue(checked, { at: new Date(0) });
      // @ts-expect-error 'skv' does not exist in type
      void context.enqueue(plain, { skv: 'A-1' });
      // @ts-expect-error 'delay' does not exist in type 'EnqueueOptions'
      void context.enqueue(plain, { sku: 'A-1' }, { delay: 5 });
    },
    { redis },
  );
});

test('a queue carries the type of its results, beside a payload type or a schema', () => {
  const typed = defineQueue<{ sku: string }, { total: number }>({ name: 'typed', results: { count: 1, ageMs: 1 } });
  expectTypeOf(typed).toEqualTypeOf<Queue<{ sku: string }, { sku: string }, { total: number }>>();
  const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
  const withSchema = defineQueue({ name: 'with-schema', schema, results: keepResults<number>({ count: 1, ageMs: 1 }) });
  expectTypeOf(withSchema).toEqualTypeOf<Queue<{ at: string }, { at: Date }, number>>();
  const wait = { timeoutMs: 1 };
  const producers = () =>
    [createProducer(typed, { redis }), createProducer(withSchema, { redis }), createProducer(plain, { redis })] as const;
  type Producers = ReturnType<typeof producers>;
  expectTypeOf<ReturnType<Producers[0]['waitUntilCompleted']>>().resolves.toEqualTypeOf<{ total: number }>();
  expectTypeOf<ReturnType<Producers[1]['waitUntilCompleted']>>().resolves.toEqualTypeOf<number>();
  expectTypeOf<ReturnType<Producers[2]['waitUntilCompleted']>>().resolves.toEqualTypeOf<unknown>();
  createConsumer(typed, async () => ({ total: 1 }), { redis });
  createConsumer(withSchema, () => 1, { redis });
  createConsumer(plain, () => 'anything', { redis });
  // @ts-expect-error Type 'string' is not assignable to type 'number'.
  createConsumer(typed, async () => ({ total: 'one' }), { redis });
  // @ts-expect-error Property 'total' is missing
  createConsumer(typed, () => ({}), { redis });
  // @ts-expect-error Property 'timeoutMs' is missing
  void ((producer: Producers[0]) => producer.waitUntilCompleted('id', {}));
  expectTypeOf(wait).toExtend<Parameters<Producers[0]['waitUntilCompleted']>[1]>();
});

test('listeners get the event of their name', () => {
  const consumer = createConsumer(plain, () => {}, { redis });
  consumer.on('retrying', (event) => expectTypeOf(event.delayMs).toEqualTypeOf<number>());
  // @ts-expect-error Property 'delayMs' does not exist
  consumer.on('completed', ({ delayMs }) => delayMs);
  // @ts-expect-error Argument of type '"done"' is not assignable
  consumer.on('done', () => {});
  createEvents(plain, { redis }).on('dead', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<DeadReason>());
});

test('an inspector shows what was enqueued', () => {
  expectTypeOf(createInspector(checked, { redis }).get('id')).resolves.toExtend<{ payload: { at: string } | undefined } | undefined>();
});

test('a missing name, an unknown option and a missing backend do not compile', () => {
  // @ts-expect-error Property 'name' is missing
  expectTypeOf(defineQueue<string>({})).toBeObject();
  // @ts-expect-error Property 'name' is missing
  defineQueue({ schema: z.string() });
  // @ts-expect-error Type 'string' is not assignable to type 'number'.
  defineQueue({ name: 'x', schema: z.string(), leaseMs: '5' });
  // @ts-expect-error 'leaseSeconds' does not exist in type
  defineQueue({ name: 'x', schema: z.string(), leaseSeconds: 5 });
  // @ts-expect-error 'leaseSeconds' does not exist in type 'QueueOptions'
  defineQueue<string>({ name: 'x', leaseSeconds: 5 });
  // @ts-expect-error neither redis nor store
  createProducer(plain, {});
  // @ts-expect-error 'urgency' does not exist in type 'EnqueueOptions'
  void createProducer(plain, { redis }).enqueue({ sku: 'A-1' }, { urgency: 1 });
});

test('a schema of valibot or arktype gives its input to producers and its output to handlers', () => {
  const byValibot = defineQueue({
    name: 'v',
    schema: v.object({
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
  });
  const byArktype = defineQueue({ name: 'a', schema: type({ count: 'string.numeric.parse' }) });
  createConsumer(byValibot, ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ at: Date }>(), { redis });
  createConsumer(byArktype, ({ payload }) => expectTypeOf(payload).toEqualTypeOf<{ count: number }>(), { redis });
  const producers = () => [createProducer(byValibot, { redis }), createProducer(byArktype, { redis })] as const;
  expectTypeOf<ReturnType<typeof producers>[0]>().toEqualTypeOf<Producer<{ at: string }>>();
  expectTypeOf<ReturnType<typeof producers>[1]>().toEqualTypeOf<Producer<{ count: string }>>();
});

test('a wrong verdict, durability or codec does not compile', () => {
  expectTypeOf(defineQueue<string>({ name: 'x', classify: () => 'dead-letter' })).toEqualTypeOf<Queue<string>>();
  // @ts-expect-error Type '"drop"' is not assignable to type 'FailureVerdict'.
  defineQueue<string>({ name: 'x', classify: () => 'drop' });
  // @ts-expect-error Type '"disk"' is not assignable to type 'Durability'.
  defineQueue<string>({ name: 'x', durability: 'disk' });
  // @ts-expect-error Property 'decode' is missing
  defineQueue<string>({ name: 'x', codec: { encode: (json: Uint8Array) => json } });
});

import { expect, test } from 'vitest';
import { createConsumer, createProducer, defineQueue, type QueueOptions } from '@nines/queue';
import { memoryStore } from '@nines/queue/testing';

test.each<[Partial<Record<keyof QueueOptions, unknown>>, string]>([
  [{ leaseMs: 0 }, 'leaseMs must be a whole number from 1000 to 3600000, got 0'],
  [{ leaseMs: 1500.5 }, 'leaseMs must be a whole number from 1000 to 3600000, got 1500.5'],
  [{ maxAttempts: 0 }, 'maxAttempts must be a whole number from 1 to 1000, got 0'],
  [{ maxWaiting: -1 }, 'maxWaiting must be a whole number from 1 to 1000000000, got -1'],
  [{ name: 'a b' }, 'name must be 1 to 128 letters, digits, _, - or ., got "a b"'],
  [{ name: '' }, 'name must be 1 to 128 letters, digits, _, - or ., got ""'],
  [{ namespace: '{x}' }, 'namespace must be 1 to 128 letters, digits, _, - or ., got "{x}"'],
  [{ completed: { count: -1, ageMs: 1 } }, 'completed.count must be a whole number from 0 to 10000000, got -1'],
  [{ completed: { count: 1 } }, 'completed.ageMs must be a whole number from 1 to 31622400000, got undefined'],
  [{ durability: 'disk' }, 'durability must be one of memory, fsync, replicated, got "disk"'],
  [{ replicas: 0 }, 'replicas must be a whole number from 1 to 10, got 0'],
  [{ durabilityTimeoutMs: 5000 }, 'durabilityTimeoutMs must be a whole number from 1 to 4000, got 5000'],
  [{ evictionAllowed: 'yes' }, 'evictionAllowed must be true or false, got "yes"'],
  [{ partitions: 65 }, 'partitions must be a whole number from 1 to 64, got 65'],
  [{ partitions: 8, maxWaiting: 7 }, 'maxWaiting must be at least partitions (8), got 7'],
  [{ rateLimit: 5 }, 'rateLimit must be { count, perMs }, got 5'],
  [{ rateLimit: null }, 'rateLimit must be { count, perMs }, got null'],
  [{ rateLimit: { count: 0, perMs: 1000 } }, 'rateLimit.count must be a whole number from 1 to 1000000, got 0'],
  [{ rateLimit: { count: 5 } }, 'rateLimit.perMs must be a whole number from 1 to 86400000, got undefined'],
  [{ rateLimit: { count: 5, perMs: 1000, burst: 2 } }, 'rateLimit has no option burst; it has count, perMs'],
  [{ partitions: 8, rateLimit: { count: 7, perMs: 1000 } }, 'rateLimit.count must be at least partitions (8), got 7'],
  [{ globalConcurrency: 1.5 }, 'globalConcurrency must be a whole number from 1 to 1000000, got 1.5'],
  [{ partitions: 8, globalConcurrency: 7 }, 'globalConcurrency must be at least partitions (8), got 7'],
  [{ classify: 'retry' }, 'classify must be a function (error, attempt) => verdict, got "retry"'],
  [{ codec: { encode: () => {} } }, 'codec must be { encode, decode }, got [object Object]'],
  [{ codec: null }, 'codec must be { encode, decode }, got null'],
  [{ backoff: 5 }, 'backoff must be a function (attempt, random) => milliseconds, got 5'],
])('defineQueue refuses %j', (options, message) => {
  expect(() => defineQueue({ name: 'ok', ...options } as QueueOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message }),
  );
});

test('an unknown option is refused by its name, with those that exist', () => {
  expect(() => defineQueue({ name: 'ok', leaseSeconds: 5 } as QueueOptions)).toThrow(
    /^defineQueue has no option leaseSeconds; it has attemptTimeoutMs, backoff, /,
  );
  const queue = defineQueue({ name: 'ok' });
  const store = memoryStore();
  expect(() => createProducer(queue, { store, redis: undefined, prefetch: 1 } as never)).toThrow('createProducer has no option prefetch');
  expect(() => createConsumer(queue, () => {}, { store, concurrency: 0 })).toThrow(
    'concurrency must be a whole number from 1 to 1000, got 0',
  );
  expect(() => createConsumer(queue, 'no' as never, { store })).toThrow('handler must be a function (job, context) => result, got "no"');
  expect(() => createConsumer(queue, () => {}, { store, trace: 'child' as never })).toThrow('trace must be parent or link, got "child"');
  expect(() => createConsumer(queue, () => {}, { store, clientSpans: 1 as never })).toThrow('clientSpans must be true or false, got 1');
  // The partition is what a partition's own options say of themselves, and nobody's to choose.
  expect(() => defineQueue({ name: 'ok', partition: 1 } as QueueOptions)).toThrow('defineQueue has no option partition;');
  expect(() => createProducer(queue, {} as never)).toThrow('redis must be an ioredis connection (Redis or Cluster), got undefined');
});

test.each([
  [{ id: '' }, 'id must be 1 to 128 visible ASCII characters, got ""'],
  [{ id: 'with space' }, 'id must be 1 to 128 visible ASCII characters, got "with space"'],
  [{ delayMs: -1 }, 'delayMs must be a whole number from 0 to 31622400000, got -1'],
  [{ urgency: 1 }, 'enqueue has no option urgency; it has deadlineMs, deduplicate, delayMs, groupId, id, priority'],
  [{ priority: 10 }, 'priority must be a whole number from 0 to 9, got 10'],
  [{ priority: '4' }, 'priority must be a whole number from 0 to 9, got "4"'],
  [{ groupId: '' }, 'groupId must be 1 to 128 visible ASCII characters, got ""'],
  [{ groupId: 7 }, 'groupId must be 1 to 128 visible ASCII characters, got 7'],
  [{ priority: 4, groupId: 'a' }, 'priority must be left out of a job that has a groupId, got 4'],
])('enqueue refuses %j', async (options, message) => {
  const producer = createProducer(defineQueue<string>({ name: 'ok' }), { store: memoryStore() });
  await expect(producer.enqueue('x', options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', message });
});

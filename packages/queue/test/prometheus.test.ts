import { Registry as NewRegistry } from '@prometheus-io/client';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createConsumer, createProducer, defineQueue, fixed } from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import { memoryStore } from '@nines/queue/testing';
import { ManualClock } from './manual-clock.ts';

test.each([
  ['prom-client', () => new Registry()],
  ['@prometheus-io/client', () => new NewRegistry()],
])('a registry of %s tells depth, attempts, waiting and processing time', async (_name, makeRegistry) => {
  const registry = makeRegistry();
  const store = memoryStore();
  const clock = new ManualClock();
  const queue = defineQueue<string>({ name: 'orders', maxAttempts: 2, backoff: fixed(0) });
  const metrics = prometheus(registry);
  const producer = createProducer(queue, { store, metrics, clock });
  await producer.enqueueMany(['good', 'bad']);
  const done = Promise.withResolvers<void>();
  const consumer = createConsumer(
    queue,
    ({ payload }, { attempt }) => {
      if (payload === 'good') return;
      if (attempt === 2) done.resolve();
      throw new Error('bad');
    },
    { store, metrics, clock },
  );
  await consumer.start();
  await done.promise;
  await consumer.stop();
  await producer.enqueue('left');
  clock.advance(5000);
  await new Promise<void>((resolve) => setImmediate(resolve));

  const text = await registry.metrics();
  expect(text).toContain('messaging_client_sent_messages_total{messaging_destination_name="orders",error_type=""} 3');
  expect(text).toContain('messaging_client_consumed_messages_total{messaging_destination_name="orders"} 3');
  expect(text).toContain('nines_queue_attempts_total{queue="orders",outcome="completed"} 1');
  expect(text).toContain('nines_queue_attempts_total{queue="orders",outcome="retried"} 1');
  expect(text).toContain('nines_queue_attempts_total{queue="orders",outcome="dead-lettered"} 1');
  expect(text).toContain('nines_queue_dead_letters_total{queue="orders",reason="attempts-exhausted"} 1');
  expect(text).toContain('messaging_process_duration_seconds_count{messaging_destination_name="orders"} 3');
  expect(text).toContain('nines_queue_wait_duration_seconds_count{queue="orders"} 2');
  expect(text).toContain('nines_queue_jobs{queue="orders",state="waiting"} 1');
  expect(text).toContain('nines_queue_jobs{queue="orders",state="dead"} 1');
  expect(text).toContain('nines_queue_oldest_age_seconds{queue="orders"}');
  expect(text).toContain('nines_queue_backlog{queue="orders"} 1');
  await producer.close();
});

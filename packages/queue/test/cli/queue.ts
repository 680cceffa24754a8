import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  DeadLetterError,
  defineQueue,
  type Inspector,
  type QueueOptions,
} from '@nines/queue';

let serial = 0;
/** A queue for one test. */
export interface Made {
  readonly name: string;
  readonly inspector: Inspector<string>;
  /** Enqueues jobs that die at once: `a`, `c` and so on are rejected, `b`, `d` and so on have a TypeError. */
  readonly kill: (...ids: string[]) => Promise<void>;
}

export async function makeQueue(redis: Redis, options: Partial<QueueOptions> = {}): Promise<Made> {
  const name = `cli-${process.pid}-${(serial += 1)}`;
  const queue = defineQueue<string>({ name, maxAttempts: 1, ...options });
  const inspector = createInspector(queue, { redis });
  const producer = createProducer(queue, { redis });
  onTestFinished(async () => {
    await producer.close();
    await inspector.close();
  });
  await producer.ready();
  return {
    name,
    inspector,
    async kill(...ids) {
      const consumer = createConsumer(
        queue,
        ({ id }) => {
          throw id.charCodeAt(0) % 2 === 1 ? new DeadLetterError('gone\u001B[2J') : new TypeError('no function');
        },
        { redis, concurrency: queue.options.partitions },
      );
      const before = (await inspector.counts()).dead;
      for (const id of ids) await producer.enqueue(`payload of ${id}`, { id });
      await consumer.start();
      while ((await inspector.counts()).dead < before + ids.length) await new Promise<void>((resolve) => setImmediate(resolve));
      await consumer.stop();
    },
  };
}

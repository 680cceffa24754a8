import { Redis } from 'ioredis';
import { createConsumer, defineQueue } from '@nines/queue';

/** A worker process in which one job kills the process that runs it; it tells its parent what it did. */
const [url = '', name = ''] = process.argv.slice(2);
const POISON = 500;

const redis = new Redis(url);
const queue = defineQueue<number>({ name, leaseMs: 1000, maxLeaseLosses: 1, completed: { count: 10_000, ageMs: 600_000 } });
const consumer = createConsumer(
  queue,
  async ({ payload }) => {
    if (payload === POISON) process.kill(process.pid, 'SIGKILL');
    // Long enough that others run beside it when it kills.
    await new Promise<void>((resolve) => setImmediate(resolve));
  },
  { redis, concurrency: 64 },
);
process.on('disconnect', () => process.exit(1));
await consumer.start();

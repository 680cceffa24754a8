// Jobs at times of day and at intervals: every process may upsert and run the same schedules, each tick is enqueued once.
import { createConsumer, defineQueue } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { Redis } from 'ioredis';

const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const reports = defineQueue<{ kind: string }>({ name: 'example-schedules' });

const done = Promise.withResolvers<void>();
const consumer = createConsumer(
  reports,
  ({ id, payload }) => {
    console.log(payload.kind, 'by', id.replace(/\d+$/, '<tick>')); // pulse by pulse@<tick>
    done.resolve();
  },
  { redis },
);
await consumer.start();

const scheduler = createScheduler(reports, { redis, onError: (error) => console.error(error.code, error.message) });
// On the day when clocks go forward 02:30 does not exist: then it runs at 03:00. On the day of the doubled hour it runs once.
await scheduler.upsert('nightly', { cron: '30 2 * * *', timeZone: 'Europe/Berlin', catchUp: 'one' }, { kind: 'report' });
await scheduler.upsert('pulse', { everyMs: 1_000, catchUp: 'skip' }, { kind: 'pulse' });
await scheduler.start();
await done.promise;

console.log((await scheduler.list()).map(({ name, definition }) => [name, definition?.cron ?? definition?.everyMs]));
console.log(await scheduler.remove('pulse')); // true
await scheduler.remove('nightly');
await scheduler.close();
await consumer.stop();
redis.disconnect();

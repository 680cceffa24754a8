import { Redis } from 'ioredis';
import { defineQueue, type StoreFactory } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { systemClock } from '../../src/clock.ts';
import { acquireConnection } from '../../src/redis/connection.ts';
import { createRedisStore } from '../../src/redis/store.ts';
import { ManualClock } from '../manual-clock.ts';
import { seeded } from '../model/seeded.ts';
import { STORM, type ScheduleWorkerArguments, type TimeMoved } from './schedule-storm.ts';

/** Longer than any sleep of a scheduler. */
const SLEEP_MS = 10_000;

/** A process of several schedulers, each with connections of its own, whose time its parent moves. */
await run(JSON.parse(process.argv[2] ?? '{}') as ScheduleWorkerArguments);

async function run({ url, name, schedulers, seed, offsetMs: begin }: ScheduleWorkerArguments): Promise<void> {
  const queue = defineQueue<string>({ name });
  const random = seeded(seed);
  const clock = new ManualClock();
  let offsetMs = begin;
  const all = Array.from({ length: schedulers }, () => {
    const redis = new Redis(url);
    const store: StoreFactory = ({ options }) =>
      createRedisStore({
        queue: options,
        connection: acquireConnection(redis, systemClock),
        connectTimeoutMs: 10_000,
        offsetMs: () => offsetMs,
      });
    return createScheduler(queue, { store, clock });
  });
  const upsert = (one: (typeof all)[number]) =>
    Promise.all(Object.entries(STORM).map(([schedule, definition]) => one.upsert(schedule, definition, schedule)));
  process.on('message', (moved: TimeMoved) => {
    offsetMs = moved.offsetMs;
    clock.advance(SLEEP_MS);
    for (const one of all) if (random() < 0.02) void upsert(one);
  });
  for (const one of all) {
    await upsert(one);
    await one.start();
  }
  process.send?.('ready');
}

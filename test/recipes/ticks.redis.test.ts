import { createConsumer, defineQueue } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { keepSchedules, tickOf } from './ticks.ts';

test('schedules are those that the code names: added, kept as they are, ended when they are not named; a job knows its tick', async () => {
  const redis = new Redis(inject('redisUrl'));
  const queue = defineQueue<{ kind: string }>({ name: `ticks-${process.pid}` });
  const scheduler = createScheduler(queue, { redis });
  const job = Promise.withResolvers<Date>();
  const consumer = createConsumer(queue, ({ id }) => job.resolve(tickOf(id)), { redis });
  onTestFinished(async () => {
    await Promise.all([scheduler.close(), consumer.stop()]);
    redis.disconnect();
  });
  const nightly = [{ cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, { kind: 'report' }] as const;
  const pulse = [{ everyMs: 1_000 }, { kind: 'pulse' }] as const;

  await keepSchedules(scheduler, { nightly, pulse });
  const names = async () => (await scheduler.list()).map(({ name }) => name).toSorted();
  expect(await names()).toEqual(['nightly', 'pulse']);
  const before = await scheduler.list();
  await keepSchedules(scheduler, { nightly, pulse });
  expect(await scheduler.list()).toEqual(before);

  await consumer.start();
  await scheduler.start();
  const tick = await job.promise;
  expect(tick.getUTCMilliseconds()).toBe(0);
  expect(Math.abs(tick.getTime() - Date.now())).toBeLessThan(60_000);

  await keepSchedules(scheduler, { nightly });
  expect(await names()).toEqual(['nightly']);
});

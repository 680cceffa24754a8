import { expect, test } from 'vitest';
import { createConsumer, defineQueue } from '@nines/queue';
import { createScheduler, type ScheduleDefinition } from '@nines/queue/schedules';
import { memoryStore } from '@nines/queue/testing';
import { ManualClock } from './manual-clock.ts';
import { schedulerSuite } from './scheduler.suite.ts';

schedulerSuite('memory', () => {
  let now = 1_700_000_000_000;
  const store = memoryStore({ nowMs: () => now });
  return {
    open: (options) => store({ name: options.name, options, schema: undefined }),
    advance(ms) {
      now += ms;
    },
    close: () => Promise.resolve(),
  };
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const queue = defineQueue<string>({ name: 'reports' });
const CRON = 'cron must be a cron expression of 5 fields, 6 with seconds, such as "0 3 * * *", got';

test.each([
  ['nightly', { cron: '0 3 * * *', everyMs: 1000 }, 'everyMs must be absent where cron is given, got 1000'],
  ['nightly', { cron: '0 3 * * *', jitterMs: 1000 }, 'jitterMs must be absent where cron is given, got 1000'],
  ['nightly', {}, 'everyMs must be a whole number from 1000 to 31622400000 where there is no cron, got undefined'],
  ['nightly', null, 'definition must be { cron, timeZone } or { everyMs, jitterMs }, got null'],
  ['nightly', { everyMs: 10 }, 'everyMs must be a whole number from 1000 to 31622400000, got 10'],
  ['nightly', { everyMs: 1000, jitterMs: 1000 }, 'jitterMs must be a whole number from 0 to 999, got 1000'],
  ['nightly', { everyMs: 1000, timeZone: 'UTC' }, 'timeZone must be absent where everyMs is given, got "UTC"'],
  [
    'nightly',
    { cron: '0 3 * * *', timeZone: 'Europe/Paname' },
    'timeZone must be an IANA time zone such as "Europe/Berlin", got "Europe/Paname"',
  ],
  ['nightly', { cron: '0 3 * * *', timeZone: 5 }, 'timeZone must be an IANA time zone such as "Europe/Berlin", got 5'],
  ['nightly', { cron: '0 3 * *' }, `${CRON} "0 3 * *"`],
  ['nightly', { cron: '0 3 * * * * 2027' }, `${CRON} "0 3 * * * * 2027"`],
  ['nightly', { cron: '2027-01-01T03:00:00' }, `${CRON} "2027-01-01T03:00:00"`],
  ['nightly', { cron: 5 }, `${CRON} 5`],
  ['nightly', { cron: '0 25 * * *' }, `${CRON} "0 25 * * *": `],
  ['nightly', { cron: '0 3 30 2 *' }, `${CRON} "0 3 30 2 *": no day is like that`],
  ['nightly', { cron: '@reboot' }, `${CRON} "@reboot": `],
  ['nightly', { cron: '0 3 * * *', catchUp: 'maybe' }, 'catchUp must be one of skip, one, all, got "maybe"'],
  ['nightly', { cron: '0 3 * * *', tz: 'UTC' }, 'a schedule has no option tz; it has catchUp, cron, everyMs, jitterMs, timeZone'],
  ['every night', { cron: '0 3 * * *' }, 'name must be 1 to 100 letters, digits, _, - or ., got "every night"'],
])('a schedule %s of %j is refused, with what is allowed', async (name, definition, message) => {
  await using scheduler = createScheduler(queue, { store: memoryStore() });
  await expect(scheduler.upsert(name, definition as ScheduleDefinition, 'x')).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(message),
  });
  expect(await scheduler.list()).toEqual([]);
});

test('a scheduler refuses what it does not know', () => {
  expect(() => createScheduler(queue, { store: memoryStore(), every: 5 } as never)).toThrow('createScheduler has no option every');
  expect(() => createScheduler(queue, { redis: {} as never })).toThrow('redis must be an ioredis connection');
});

test('a scheduler sleeps until the next tick, not longer and no look too many', async () => {
  const clock = new ManualClock();
  const store = memoryStore({ nowMs: () => clock.wallMs() });
  let looks = 0;
  const counted: typeof store = Object.assign((of: Parameters<typeof store>[0]) => {
    const made = store(of);
    const due = (limit: number) => {
      looks += limit > 0 ? 1 : 0;
      return made.schedules.due(limit);
    };
    return { ...made, schedules: { ...made.schedules, due } };
  }, store);
  await using scheduler = createScheduler(queue, { store: counted, clock });
  const { nextTickMs } = await scheduler.upsert('often', { everyMs: 5000 }, 'run');
  await scheduler.start();
  const jobs = async () => (await store.jobs(queue)).length;
  await expect.poll(() => looks).toBe(1);
  await turn();
  clock.advance(nextTickMs - clock.wallMs() - 1);
  await turn();
  expect([looks, await jobs()]).toEqual([1, 0]);
  clock.advance(1);
  await expect.poll(jobs).toBe(1);
  // One that found the tick, and one that found nothing more.
  expect(looks).toBe(3);
});

test('with a memory store time is yours: a tick comes with advance, and drain waits for its job', async () => {
  const store = memoryStore();
  const done: string[] = [];
  const consumer = createConsumer(queue, ({ payload }) => void done.push(payload), { store });
  await consumer.start();
  await using scheduler = createScheduler(queue, { store });
  await scheduler.upsert('nightly', { cron: '0 3 * * *', timeZone: 'Europe/Berlin' }, 'report');
  await scheduler.start();
  for (let day = 1; day <= 3; day += 1) {
    store.advance(86_400_000);
    await store.drain();
    expect(done).toHaveLength(day);
  }
  await consumer.stop();
});

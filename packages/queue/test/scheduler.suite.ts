import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createConsumer, createInspector, createProducer, defineQueue, type Queue, type QueueError, type QueueOptions } from '@nines/queue';
import { createScheduler, type CatchUp, type Scheduler } from '@nines/queue/schedules';
import { ManualClock } from './manual-clock.ts';
import type { StoreHarness } from './store-cases/actor.ts';

const HOUR_MS = 3_600_000;
/** Longer than any sleep of a scheduler, by its own clock. */
const SLEEP_MS = 10_000;

let serial = 0;

/** What schedulers promise, whatever the store; time is the harness's. */
export function schedulerSuite(name: string, makeHarness: () => StoreHarness): void {
  describe(`schedules on ${name}`, () => {
    let harness: StoreHarness;
    const clock = new ManualClock();
    const opened: { close(): Promise<unknown> }[] = [];
    beforeEach(() => {
      harness = makeHarness();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      await harness.close();
    });
    const define = <Payload = string>(options: Partial<QueueOptions> = {}) =>
      defineQueue<Payload>({ name: `scheduler-${process.pid}-${(serial += 1)}`, ...options });

    const bench = <Payload>(queue: Queue<Payload>) => {
      const backend = { store: ({ options }: Queue<unknown>) => harness.open(options) };
      const errors: QueueError[] = [];
      const inspector = createInspector(queue, backend);
      const { schedules } = harness.open(queue.options);
      opened.push(inspector);
      return {
        backend,
        errors,
        inspector,
        scheduler: (): Scheduler<Payload> => {
          // That the Redis of the suites keeps nothing on disk is no news here.
          const onError = (error: QueueError) => void (error.code === 'NOT_PERSISTENT' || errors.push(error));
          const scheduler = createScheduler(queue, { ...backend, clock, onError });
          opened.unshift(scheduler);
          return scheduler;
        },
        waiting: async () => (await inspector.list('waiting')).map(({ id }) => id),
        /** Moves time, and lets every scheduler look until nothing is due. */
        pass: async (ms: number) => {
          harness.advance(ms);
          await expect
            .poll(async () => {
              clock.advance(SLEEP_MS);
              return (await schedules.due(10)).due.length;
            })
            .toBe(0);
        },
      };
    };

    test('each tick gets one job, however many schedulers run it, and its id tells the time', async () => {
      const { scheduler, pass, waiting, inspector } = bench(define());
      const all = Array.from({ length: 5 }, scheduler);
      const results = await Promise.all(all.map((one) => one.upsert('hourly', { everyMs: HOUR_MS }, 'run')));
      expect(results.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(results.map(({ nextTickMs }) => nextTickMs)).size).toBe(1);
      await Promise.all(all.map((one) => one.start()));
      for (let hour = 0; hour < 3; hour += 1) await pass(HOUR_MS);
      const first = results[0]!.nextTickMs;
      expect(first % HOUR_MS).toBe(0);
      expect(await waiting()).toEqual([0, 1, 2].map((hour) => `hourly@${first + hour * HOUR_MS}`));
      expect((await inspector.list('waiting')).map(({ payload, traceId }) => [payload, traceId])).toEqual([
        ['run', undefined],
        ['run', undefined],
        ['run', undefined],
      ]);
    });

    test.each([
      ['skip', 0, 1],
      ['one', 1, 0],
      ['all', 5, 0],
    ] as const)('ticks that nobody ran: catchUp %s gives %i jobs of five', async (catchUp: CatchUp, jobs: number, told: number) => {
      const { scheduler, pass, waiting, errors } = bench(define());
      const one = scheduler();
      const { nextTickMs } = await one.upsert('hourly', { everyMs: HOUR_MS, catchUp }, 'run');
      const untilTick = nextTickMs - (await harness.open(define().options).schedules.due(0)).nowMs;
      harness.advance(untilTick + 4 * HOUR_MS + HOUR_MS / 2);
      await one.start();
      await pass(0);
      const ticks = [0, 1, 2, 3, 4].map((hour) => `hourly@${nextTickMs + hour * HOUR_MS}`);
      expect(await waiting()).toEqual(ticks.slice(ticks.length - jobs));
      expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: told }, () => 'TICKS_SKIPPED'));
      expect((await one.list())[0]?.nextTickMs).toBe(nextTickMs + 5 * HOUR_MS);
    });

    test('a full queue does not lose a tick: it is tried again, and told of once', async () => {
      const queue = define({ maxWaiting: 1 });
      const { scheduler, backend, waiting, inspector, errors, pass } = bench(queue);
      const producer = createProducer(queue, backend);
      opened.unshift(producer);
      await producer.enqueue('in the way');
      const one = scheduler();
      const { nextTickMs } = await one.upsert('hourly', { everyMs: HOUR_MS }, 'run');
      await one.start();
      harness.advance(HOUR_MS);
      await expect
        .poll(() => {
          clock.advance(SLEEP_MS);
          return errors.map(({ code }) => code);
        })
        .toEqual(['QUEUE_FULL']);
      clock.advance(SLEEP_MS);
      const taken = Promise.withResolvers<void>();
      const consumer = createConsumer(queue, ({ payload }) => (payload === 'in the way' ? taken.resolve() : undefined), backend);
      opened.unshift({ close: () => consumer.stop() });
      await consumer.start();
      await taken.promise;
      await expect.poll(async () => (await inspector.counts()).waiting + (await inspector.counts()).active).toBe(0);
      await consumer.stop();
      await pass(0);
      expect(await waiting()).toEqual([`hourly@${nextTickMs}`]);
      expect(errors.map(({ code }) => code)).toEqual(['QUEUE_FULL']);
    });

    test('an upsert of the very same schedule changes nothing, another payload keeps the tick, another time of day replaces it', async () => {
      const { scheduler } = bench(define());
      const one = scheduler();
      const hourly = { everyMs: HOUR_MS };
      const { nextTickMs } = await one.upsert('s', hourly, 'first');
      harness.advance(5 * HOUR_MS);
      expect(await one.upsert('s', hourly, 'first')).toEqual({ created: false, changed: false, nextTickMs });
      expect(await one.upsert('s', { everyMs: HOUR_MS, jitterMs: 0, catchUp: 'one' }, 'first')).toMatchObject({ changed: false });
      // What is due stays due: a release that changes the payload misses nothing.
      expect(await one.upsert('s', hourly, 'second')).toEqual({ created: false, changed: true, nextTickMs });
      const daily = await one.upsert('s', { cron: '30  4 * * *', timeZone: 'Asia/Kathmandu' }, 'second');
      expect(new Date(daily.nextTickMs).toISOString()).toMatch(/T22:45:00.000Z$/);
      expect(await one.list()).toEqual([
        {
          name: 's',
          definition: { cron: '30 4 * * *', timeZone: 'Asia/Kathmandu', catchUp: 'one' },
          payload: 'second',
          nextTickMs: daily.nextTickMs,
        },
      ]);
      expect([await one.remove('s'), await one.remove('s'), await one.list()]).toEqual([true, false, []]);
    });

    test('a scheduler that was stopped ticks no more until it is started again', async () => {
      const { scheduler, pass, waiting } = bench(define());
      const one = scheduler();
      const { nextTickMs } = await one.upsert('hourly', { everyMs: HOUR_MS }, 'run');
      await one.start();
      await one.start();
      await one.stop();
      await one.stop();
      harness.advance(HOUR_MS);
      clock.advance(SLEEP_MS);
      expect(await waiting()).toEqual([]);
      await one.start();
      await pass(0);
      expect(await waiting()).toEqual([`hourly@${nextTickMs}`]);
      await one.close();
      await expect(one.start()).rejects.toMatchObject({ code: 'CLOSED' });
      await expect(one.upsert('hourly', { everyMs: HOUR_MS }, 'run')).rejects.toMatchObject({ code: 'CLOSED' });
    });

    test('jobs of a schedule are in partition 0, are found by their id, and go through schema and handler as any other', async () => {
      const schema = z.object({ at: z.string().transform(Number) });
      const queue = defineQueue({ name: `scheduler-${process.pid}-${(serial += 1)}`, schema, partitions: 4 });
      const { scheduler, backend, inspector, pass } = bench(queue as unknown as Queue<{ at: string }>);
      const one = scheduler();
      await expect(one.upsert('s', { everyMs: HOUR_MS }, { at: 5 as never })).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
      for (const name of ['a', 'b', 'c']) await one.upsert(name, { everyMs: HOUR_MS }, { at: '12' });
      await one.start();
      await pass(HOUR_MS);
      const jobs = await inspector.list('waiting');
      expect(jobs.map(({ id }) => id.slice(0, 2)).toSorted()).toEqual(['a@', 'b@', 'c@']);
      for (const { id } of jobs) expect(await inspector.get(id)).toMatchObject({ id, state: 'waiting' });
      const seen: unknown[] = [];
      const done = Promise.withResolvers<void>();
      const consumer = createConsumer(queue, ({ payload }) => (seen.push(payload) === 3 ? done.resolve() : undefined), backend);
      opened.unshift({ close: () => consumer.stop() });
      await consumer.start();
      await done.promise;
      expect(seen).toEqual([{ at: 12 }, { at: 12 }, { at: 12 }]);
    });

    test('a schedule that another release wrote is left to it, told of once, and hides no other', async () => {
      const queue = define();
      const { scheduler, pass, waiting, errors } = bench(queue);
      const one = scheduler();
      const { nextTickMs } = await one.upsert('known', { everyMs: HOUR_MS }, 'run');
      const { schedules } = harness.open(queue.options);
      const [known] = await schedules.list(0, 1);
      await schedules.upsert({ ...known!, name: 'foreign', timing: '{"moon":"full"}' });
      expect((await one.list()).map(({ name: of, definition }) => [of, definition?.everyMs])).toEqual([
        ['foreign', undefined],
        ['known', HOUR_MS],
      ]);
      await one.start();
      harness.advance(HOUR_MS);
      await expect
        .poll(async () => {
          clock.advance(SLEEP_MS);
          return waiting();
        })
        .toEqual([`known@${nextTickMs}`]);
      await one.remove('foreign');
      await pass(HOUR_MS);
      expect(errors.map(({ code }) => code)).toEqual(['SCHEDULE_UNREADABLE']);
      expect(errors[0]?.message).toContain('a schedule has no option moon');
    });
  });
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createConsumer, defineQueue, type StoreFactory } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { resolveSchedule } from '../src/schedules/definition.ts';
import { seeded } from './model/seeded.ts';
import { STORM, type ScheduleWorkerArguments, type TimeMoved } from './process/schedule-storm.ts';
import { redisHarness } from './redis-harness.ts';

const DAY_MS = 86_400_000;
const PROCESSES = 5;
const SCHEDULERS = 10;
const SEED = 20_261_122;

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
};

test(
  'fifty schedulers in five processes run the same schedules for a day, processes are killed: every tick is one job (seed 20261122)',
  { timeout: 300_000 },
  async () => {
    const name = `storm-${process.pid}`;
    const queue = defineQueue<string>({ name });
    const random = seeded(SEED);
    const harness = redisHarness(new Redis(inject('redisUrl')));
    let offsetMs = 0;
    const store: StoreFactory = ({ options }) => harness.open(options);
    const { schedules } = store(queue);

    const ran: string[] = [];
    const consumer = createConsumer(queue, ({ id }) => void ran.push(id), { store });
    await consumer.start();
    const workers = new Set<ChildProcess>();
    let started = 0;
    const begin = async () => {
      const options: ScheduleWorkerArguments = {
        url: inject('redisUrl'),
        name,
        schedulers: SCHEDULERS,
        seed: SEED + (started += 1),
        offsetMs,
      };
      const child = fork(join(import.meta.dirname, 'process/schedule-worker.ts'), [JSON.stringify(options)], {
        execArgv: ['--conditions=@nines/source', '--disable-warning=ExperimentalWarning'],
      });
      await once(child, 'message');
      workers.add(child);
    };
    onTestFinished(async () => {
      for (const child of workers) child.kill('SIGKILL');
      await consumer.stop();
      await harness.close();
    });
    await Promise.all(Array.from({ length: PROCESSES }, begin));

    const reader = createScheduler(queue, { store });
    const first = new Map((await reader.list()).map((schedule) => [schedule.name, schedule.nextTickMs]));
    const { nowMs } = await schedules.due(0);
    const until = nowMs + DAY_MS;
    const expected = Object.entries(STORM).flatMap(([schedule, definition]) => {
      const ticks = resolveSchedule(schedule, definition).timing.latest(first.get(schedule)!, until, 1000);
      return ticks.map((tickMs) => ({ id: `${schedule}@${tickMs}`, tickMs }));
    });

    let kills = 0;
    const beginning: Promise<void>[] = [];
    for (const tickMs of [...new Set(expected.map((tick) => tick.tickMs))].toSorted((a, b) => a - b)) {
      const ahead = Math.max(0, tickMs - (await schedules.due(0)).nowMs);
      offsetMs += ahead;
      harness.advance(ahead);
      const tell = () => {
        for (const child of workers) if (child.connected) child.send({ offsetMs } satisfies TimeMoved);
      };
      tell();
      // In the middle of what they do now, at a point that follows from the seed as far as anything does among processes.
      if (random() < 0.12) {
        await turns(Math.floor(random() * 30));
        const [victim] = workers;
        if (victim !== undefined && workers.size > 2) {
          victim.kill('SIGKILL');
          workers.delete(victim);
          kills += 1;
          beginning.push(begin());
        }
      }
      await expect
        .poll(async () => {
          const left = (await schedules.due(10)).due.length;
          if (left > 0) tell();
          return left;
        })
        .toBe(0);
    }
    await Promise.all(beginning);
    await expect.poll(() => ran.length).toBeGreaterThanOrEqual(expected.length);
    await reader.close();
    expect(kills).toBeGreaterThan(3);
    expect(expected.length).toBeGreaterThan(115);
    expect(ran.toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
  },
);

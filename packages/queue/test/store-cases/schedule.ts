import { expect, test } from 'vitest';
import type { ScheduleStore, StoredSchedule, Tick } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import type { Open, StoreHarness } from './actor.ts';

const HOUR_MS = 3_600_000;

const stored = (name: string, tickMs: number, { timing = 'hourly', policy = 'one', body = name } = {}): StoredSchedule => ({
  name,
  timing,
  policy,
  envelope: encodeEnvelope({ body: Buffer.from(JSON.stringify(body)) }),
  tickMs,
});

/** The schedule as it was read, to be ticked with one job. */
const tickOf = (schedule: StoredSchedule): Tick => ({
  schedule,
  ids: [`${schedule.name}@${schedule.tickMs}`],
  nextTickMs: schedule.tickMs + HOUR_MS,
});

const dueNow = async (schedules: ScheduleStore) => (await schedules.due(10)).due;

export function scheduleCases(open: Open, harness: () => StoreHarness): void {
  const begin = async (options = {}) => {
    const actor = open(options);
    await actor.store.open();
    const { schedules } = actor.store;
    const { nowMs } = await schedules.due(0);
    return { actor, schedules, inAnHour: nowMs + HOUR_MS };
  };

  test('a tick is due when its time has come by the clock of the store, and a look says when that is', async () => {
    const { schedules, inAnHour } = await begin();
    await schedules.upsert(stored('nightly', inAnHour));
    const early = await schedules.due(10);
    expect(early.due).toEqual([]);
    expect(early.nextDueMs).toBe(inAnHour - early.nowMs);
    expect(await schedules.tick([tickOf(stored('nightly', inAnHour))])).toEqual(['passed']);
    harness().advance(HOUR_MS);
    const late = await schedules.due(10);
    expect(late.due).toEqual([stored('nightly', inAnHour)]);
    expect(late.nextDueMs).toBeUndefined();
  });

  test('a tick becomes a job once: whoever comes second changes nothing, also when the job is done', async () => {
    const { actor, schedules, inAnHour } = await begin();
    await schedules.upsert(stored('nightly', inAnHour));
    harness().advance(HOUR_MS);
    const ticks = (await dueNow(schedules)).map(tickOf);
    expect(await schedules.tick(ticks)).toEqual(['ticked']);
    expect(await schedules.tick(ticks)).toEqual(['passed']);
    const id = `nightly@${inAnHour}`;
    const { jobs } = await actor.exchange('h', [], 10);
    expect(jobs.map((job) => [job.id, job.stored?.toString().endsWith('"nightly"')])).toEqual([[id, true]]);
    await actor.ack('h', id);
    expect(await schedules.tick(ticks)).toEqual(['passed']);
    expect(await actor.claim('h')).toEqual([]);
    expect(await schedules.list(0, 10)).toEqual([stored('nightly', inAnHour + HOUR_MS)]);
  });

  test('the same schedule again changes nothing; one that ticks as before keeps its tick, one that ticks otherwise takes the new one', async () => {
    const { schedules, inAnHour } = await begin();
    expect(await schedules.upsert(stored('s', inAnHour))).toEqual({ change: 'created', tickMs: inAnHour });
    const later = inAnHour + HOUR_MS;
    expect(await schedules.upsert(stored('s', later))).toEqual({ change: 'unchanged', tickMs: inAnHour });
    expect(await schedules.upsert(stored('s', later, { body: 'other' }))).toEqual({ change: 'replaced', tickMs: inAnHour });
    expect(await schedules.upsert(stored('s', later, { policy: 'all' }))).toEqual({ change: 'replaced', tickMs: inAnHour });
    expect(await schedules.upsert(stored('s', later, { timing: 'daily' }))).toEqual({ change: 'replaced', tickMs: later });
    expect(await schedules.list(0, 10)).toEqual([stored('s', later, { timing: 'daily' })]);
  });

  test('a tick that was read before its schedule was replaced or removed is refused', async () => {
    const { actor, schedules, inAnHour } = await begin();
    await schedules.upsert(stored('replaced', inAnHour));
    await schedules.upsert(stored('removed', inAnHour));
    harness().advance(HOUR_MS);
    const ticks = (await dueNow(schedules)).map(tickOf);
    await schedules.upsert(stored('replaced', inAnHour, { body: 'other' }));
    expect([await schedules.remove('removed'), await schedules.remove('removed')]).toEqual([true, false]);
    expect(ticks).toHaveLength(2);
    expect(await schedules.tick(ticks)).toEqual(['passed', 'passed']);
    expect(await actor.claim('h')).toEqual([]);
    expect(await dueNow(schedules)).toEqual([stored('replaced', inAnHour, { body: 'other' })]);
  });

  test('a full queue refuses a tick whole, the others too or not by their own room, and it stays due', async () => {
    const { actor, schedules, inAnHour } = await begin({ maxWaiting: 2 });
    await schedules.upsert(stored('a', inAnHour));
    await schedules.upsert(stored('b', inAnHour));
    harness().advance(HOUR_MS);
    const [a, b] = (await dueNow(schedules)).map(tickOf) as [Tick, Tick];
    expect(await schedules.tick([{ ...a, ids: ['a1', 'a2', 'a3'] }, b])).toEqual(['full', 'ticked']);
    expect((await actor.store.list('waiting', 0, 10)).map(({ id }) => id)).toEqual(b.ids);
    expect((await dueNow(schedules)).map(({ name }) => name)).toEqual(['a']);
    await actor.claim('h');
    expect(await schedules.tick([{ ...a, ids: ['a1', 'a2'] }])).toEqual(['ticked']);
    expect(await actor.claim('h')).toEqual(['a1', 'a2']);
  });

  test('a tick without a job moves the schedule on', async () => {
    const { actor, schedules, inAnHour } = await begin();
    await schedules.upsert(stored('a', inAnHour));
    harness().advance(HOUR_MS);
    expect(await schedules.tick((await dueNow(schedules)).map((schedule) => ({ ...tickOf(schedule), ids: [] })))).toEqual(['ticked']);
    expect(await dueNow(schedules)).toEqual([]);
    expect(await actor.claim('h')).toEqual([]);
  });

  test('schedules are listed by name, a page at a time, and a queue has at most 1000', async () => {
    const { schedules, inAnHour } = await begin();
    const names = Array.from({ length: 1000 }, (_, n) => `s${1000 + n}`);
    for (let from = 0; from < names.length; from += 100) {
      await Promise.all(names.slice(from, from + 100).map((name) => schedules.upsert(stored(name, inAnHour))));
    }
    expect(await schedules.upsert(stored('t', inAnHour))).toEqual({ change: 'refused', tickMs: inAnHour });
    expect((await schedules.upsert(stored('s1500', inAnHour, { body: 'other' }))).change).toBe('replaced');
    expect((await schedules.list(990, 100)).map(({ name }) => name)).toEqual(names.slice(990));
    expect((await schedules.list(0, 2)).map(({ name }) => name)).toEqual(['s1000', 's1001']);
    harness().advance(HOUR_MS);
    expect(await schedules.due(7)).toMatchObject({ due: { length: 7 }, nextDueMs: undefined });
  });

  test('a change of schedules is told, and a repetition that changes nothing is not', async () => {
    const { schedules, inAnHour } = await begin();
    let told = 0;
    let next = Promise.withResolvers<void>();
    await schedules.subscribe(() => {
      told += 1;
      next.resolve();
      next = Promise.withResolvers();
    });
    const before = told;
    for (const body of ['first', 'first', 'second']) {
      const change = next.promise;
      if ((await schedules.upsert(stored('s', inAnHour, { body }))).change !== 'unchanged') await change;
    }
    expect(told - before).toBe(2);
  });
}

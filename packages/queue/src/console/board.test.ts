import { expect, test } from 'vitest';
import { QueueError } from '@nines/queue';
import { ManualClock } from '../../test/manual-clock.ts';
import { Board } from './board.ts';
import type { Counts } from './protocol.ts';

const none: Counts = { waiting: 0, delayed: 0, due: 0, active: 0, completed: 0, dead: 0, oldestAgeMs: 0, paused: false };

function boardOf(counts: () => Promise<Counts>) {
  const clock = new ManualClock();
  return { clock, board: new Board(new Map([['orders', { counts }]]), clock, 2000) };
}

test('rates come from successive counts of the last minute', async () => {
  let now = none;
  const { clock, board } = boardOf(async () => now);
  expect(await board.read()).toEqual([{ key: 'orders', counts: none, backlogs: [0] }]);
  clock.advance(2000);
  now = { ...none, waiting: 15, due: 2, delayed: 9, active: 3, dead: 1 };
  expect(await board.read()).toEqual([{ key: 'orders', counts: now, backlogPerSecond: 10, deadPerSecond: 0.5, backlogs: [0, 20] }]);
  clock.advance(60_001);
  now = none;
  expect(await board.read()).toEqual([{ key: 'orders', counts: none, backlogs: [0] }]);
});

test('within an interval all get the same answer, also while it is under way; after a change a new one', async () => {
  let asked = 0;
  const { clock, board } = boardOf(async () => ({ ...none, waiting: (asked += 1) }));
  const [first, second] = await Promise.all([board.read(), board.read()]);
  clock.advance(1999);
  expect([second, await board.read()]).toEqual([first, first]);
  expect(asked).toBe(1);
  board.forget();
  await board.read();
  clock.advance(2000);
  await board.read();
  expect(asked).toBe(3);
});

test('a queue that does not answer shows no stale figure', async () => {
  let away = false;
  const { clock, board } = boardOf(async () => {
    if (away) throw new QueueError('REDIS_UNAVAILABLE', 'Redis did not answer', { retryable: true });
    return none;
  });
  await board.read();
  away = true;
  clock.advance(2000);
  expect(await board.read()).toEqual([
    { key: 'orders', error: { code: 'REDIS_UNAVAILABLE', message: 'Redis did not answer' }, backlogs: [] },
  ]);
});

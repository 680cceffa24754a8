import { expect, test } from 'vitest';
import { cronTiming } from '../src/schedules/cron.ts';
import { everyTiming } from '../src/schedules/every.ts';
import { CATCH_UP_MAX, LATE_MS_MAX, planTicks } from '../src/schedules/plan.ts';
import type { Timing } from '../src/schedules/timing.ts';
import { seeded } from './model/seeded.ts';

const DAY_MS = 86_400_000;

/** All ticks of a span, one after the other, as a scheduler that is never late has them. */
function walk(timing: Timing, from: string | number, until: string | number): number[] {
  const ticks: number[] = [];
  const end = new Date(until).getTime();
  for (let at = timing.next(new Date(from).getTime() - 1); at !== undefined && at <= end; at = timing.next(at)) ticks.push(at);
  return ticks;
}
const times = (ticks: readonly number[]) => ticks.map((tick) => new Date(tick).toISOString().slice(5, 16));

// Three zones, each on the day before, of and after its change; Lord Howe moves its clocks by half an hour.
test.each([
  ['Europe/Berlin', '30 2 * * *', '2026-03-28', ['03-28T01:30', '03-29T01:00', '03-30T00:30']],
  ['America/New_York', '30 2 * * *', '2026-03-07', ['03-07T07:30', '03-08T07:00', '03-09T06:30']],
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-02', ['10-02T15:45', '10-03T15:30', '10-04T15:15']],
])('in %s a fixed time that is skipped (%s) ticks when the gap ends', (timeZone, cron, from, expected) => {
  expect(times(walk(cronTiming(cron, timeZone), from, Date.parse(from) + 3 * DAY_MS - 1))).toEqual(expected);
});

test.each([
  ['Europe/Berlin', '30 2 * * *', '2026-10-24', ['10-24T00:30', '10-25T00:30', '10-26T01:30']],
  ['America/New_York', '30 1 * * *', '2026-10-31', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
  ['Australia/Lord_Howe', '45 1 * * *', '2026-04-03', ['04-03T14:45', '04-04T14:45', '04-05T15:15']],
])('in %s a fixed time that comes twice (%s) ticks once, the first time', (timeZone, cron, from, expected) => {
  expect(times(walk(cronTiming(cron, timeZone), from, Date.parse(from) + 3 * DAY_MS - 1))).toEqual(expected);
});

test.each([
  ['Europe/Berlin', '2026-03-29', '2026-10-25'],
  ['America/New_York', '2026-03-08', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-04', '2026-10-03'],
])('in %s what has a step goes on through both hours of the doubled one, and through the gap, without a pause', (timeZone, ...days) => {
  for (const day of days) {
    const ticks = walk(cronTiming('*/15 * * * *', timeZone), day, Date.parse(day) + DAY_MS - 1);
    expect(ticks).toHaveLength(96);
    expect(new Set(ticks.slice(1).map((tick, at) => tick - ticks[at]!))).toEqual(new Set([900_000]));
  }
});

test('a list of hours is a fixed time: none of them is lost on the day of the gap', () => {
  expect(times(walk(cronTiming('30 2,14 * * *', 'Europe/Berlin'), '2026-03-29', '2026-03-29T23:59'))).toEqual([
    '03-29T01:00',
    '03-29T12:30',
  ]);
});

test.each([
  ['*/7 * * * *', 'Europe/Berlin'],
  ['30 2 * * *', 'Europe/Berlin'],
  ['15,45 1-2 * * *', 'Australia/Lord_Howe'],
  ['0 */2 * * 1', 'America/New_York'],
  ['*/20 59 1 * * *', 'America/New_York'],
])('the latest ticks of %s in %s are the last of all ticks, wherever a span begins and ends (seed 7)', (cron, timeZone) => {
  const timing = cronTiming(cron, timeZone);
  const random = seeded(7);
  const changes = ['2026-03-08', '2026-03-29', '2026-04-04', '2026-10-03', '2026-10-25', '2026-11-01'].map((day) => Date.parse(day));
  for (const change of changes) {
    for (let round = 0; round < 5; round += 1) {
      const from = change - Math.floor(random() * DAY_MS);
      const until = change + Math.floor(random() * DAY_MS);
      const max = 1 + Math.floor(random() * 12);
      expect(timing.latest(from, until, max)).toEqual(walk(timing, from, until).slice(-max));
    }
  }
});

test('an interval ticks at whole multiples since 1970, moved by a jitter that is always the same', () => {
  expect(times(walk(everyTiming('s', 3_600_000, 0), '2026-01-01T00:20', '2026-01-01T03:00'))).toEqual([
    '01-01T01:00',
    '01-01T02:00',
    '01-01T03:00',
  ]);
  const [one, same, other] = [everyTiming('a', 60_000, 30_000), everyTiming('a', 60_000, 30_000), everyTiming('b', 60_000, 30_000)];
  const ticks = walk(one, '2026-01-01', '2026-01-02');
  expect(ticks.length).toBeGreaterThanOrEqual(1440);
  expect(walk(same, '2026-01-01', '2026-01-02')).toEqual(ticks);
  expect(walk(other, '2026-01-01', '2026-01-02')).not.toEqual(ticks);
  expect(new Set(ticks.map((tick) => Math.floor(tick / 60_000))).size).toBe(ticks.length);
  expect(Math.max(...ticks.map((tick) => tick % 60_000))).toBeLessThanOrEqual(30_000);
  expect(Math.max(...ticks.map((tick) => tick % 60_000))).toBeGreaterThan(25_000);
  expect(one.latest(ticks[10]!, ticks[20]!, 100)).toEqual(ticks.slice(10, 21));
  expect(one.latest(ticks[10]!, ticks[20]! - 1, 3)).toEqual(ticks.slice(17, 20));
});

const MINUTE_MS = 60_000;
const minutely = everyTiming('s', MINUTE_MS, 0);
const planned = (catchUp: 'skip' | 'one' | 'all', tickMs: number, nowMs: number) =>
  planTicks(minutely, { tickMs, catchUp, envelopeBytes: 100 }, nowMs);

test('a tick in time is one job, by every policy', () => {
  for (const catchUp of ['skip', 'one', 'all'] as const) {
    expect(planned(catchUp, MINUTE_MS, MINUTE_MS + 5)).toEqual({ ticks: [MINUTE_MS], nextTickMs: 2 * MINUTE_MS, skipped: false });
  }
});

test('skip drops what is more than a minute late, and says so; one merges; all makes up for each', () => {
  const daily = everyTiming('s', DAY_MS, 0);
  const late = DAY_MS + LATE_MS_MAX;
  const skip = { tickMs: DAY_MS, catchUp: 'skip', envelopeBytes: 100 } as const;
  expect(planTicks(daily, skip, late)).toEqual({ ticks: [DAY_MS], nextTickMs: 2 * DAY_MS, skipped: false });
  expect(planTicks(daily, skip, late + 1)).toEqual({ ticks: [], nextTickMs: 2 * DAY_MS, skipped: true });
  expect(planned('skip', MINUTE_MS, 5.5 * MINUTE_MS)).toEqual({ ticks: [5 * MINUTE_MS], nextTickMs: 6 * MINUTE_MS, skipped: true });
  expect(planned('one', MINUTE_MS, 5.5 * MINUTE_MS)).toEqual({ ticks: [5 * MINUTE_MS], nextTickMs: 6 * MINUTE_MS, skipped: false });
  const all = [1, 2, 3, 4, 5].map((minute) => minute * MINUTE_MS);
  expect(planned('all', MINUTE_MS, 5.5 * MINUTE_MS)).toEqual({ ticks: all, nextTickMs: 6 * MINUTE_MS, skipped: false });
});

test('all makes up for the thousand latest ticks, a hundred a call', () => {
  const now = 5000 * MINUTE_MS;
  const seen: number[] = [];
  let skipped = 0;
  for (let tick = MINUTE_MS; tick <= now;) {
    const plan = planned('all', tick, now);
    expect(plan.ticks.length).toBeLessThanOrEqual(100);
    seen.push(...plan.ticks);
    skipped += plan.skipped ? 1 : 0;
    tick = plan.nextTickMs!;
  }
  expect(seen).toEqual(Array.from({ length: CATCH_UP_MAX }, (_, n) => (4001 + n) * MINUTE_MS));
  expect(skipped).toBe(1);
});

test('a payload that is large is sent for few ticks a call', () => {
  const plan = planTicks(minutely, { tickMs: MINUTE_MS, catchUp: 'all', envelopeBytes: 1_500_000 }, 10 * MINUTE_MS);
  expect(plan).toEqual({ ticks: [MINUTE_MS, 2 * MINUTE_MS], nextTickMs: 3 * MINUTE_MS, skipped: false });
});

test('a tick that the rules of its time zone no longer know is still the one that is due', () => {
  const nightly = cronTiming('0 3 * * *', 'Europe/Berlin');
  const odd = Date.parse('2026-01-10T02:30:00Z');
  const plan = planTicks(nightly, { tickMs: odd, catchUp: 'all', envelopeBytes: 1 }, odd + 1000);
  expect(plan).toEqual({ ticks: [odd], nextTickMs: Date.parse('2026-01-11T02:00:00Z'), skipped: false });
});

import { expect, test } from 'vitest';
import { Happenings, type Seen } from './happenings.ts';
import type { AlertView, BreakerState } from './protocol.ts';

const worker = (pid: number, state: BreakerState, up = true) => ({
  name: 'worker',
  pid,
  up,
  breakers: up ? [{ destination: 'receiver', state }] : [],
});
const seen = (parts: Partial<Seen>): Seen => ({ atMs: 0, redis: true, processes: [], alerts: [], switches: [], ...parts });
const alert: AlertView = { name: 'DeliveryBudgetBurn', severity: 'page', tier: '1', summary: '', state: 'firing', sinceMs: 0 };

/** What the log says of one look after the other, in that order. */
function logOf(...looks: readonly Partial<Seen>[]): string[] {
  const happenings = new Happenings();
  for (const look of looks) happenings.compare(seen(look));
  return happenings.latest.toReversed().map(({ text, bad }) => `${bad ? '-' : '+'} ${text}`);
}

test('what is as it should be at the first look has not happened', () => {
  const one = { id: 'a', title: 'A', expect: '', kind: 'switch' as const, on: false };
  expect(logOf({ processes: [worker(1, 'closed')], switches: [one] }, { processes: [worker(1, 'closed')], switches: [one] })).toEqual([]);
});

test('breakers, processes and Redis are told when they change, for the worse or the better', () => {
  expect(
    logOf(
      { processes: [worker(1, 'closed')] },
      { processes: [worker(1, 'open')] },
      { processes: [worker(1, 'half-open')] },
      { processes: [worker(1, 'closed')] },
      { processes: [worker(1, 'closed', false)], redis: false },
      { processes: [worker(2, 'closed')] },
    ),
  ).toEqual([
    '- Breaker of receiver in worker 1: open',
    '+ Breaker of receiver in worker 1: half-open',
    '+ Breaker of receiver in worker 1: closed',
    '- Redis does not answer',
    '- worker 1 does not answer',
    '+ Redis answers again',
    '+ worker 2 answers',
    '- worker 1 is gone',
  ]);
});

test('an alert is told when it fires and when it is over; nobody to ask is not its end', () => {
  expect(
    logOf({}, { alerts: [{ ...alert, state: 'pending' }] }, { alerts: [alert] }, { alerts: undefined }, { alerts: [alert] }, {}),
  ).toEqual(['- DeliveryBudgetBurn fires (page)', '+ DeliveryBudgetBurn resolved']);
});

test('a switch is told whoever flipped it, and the log is bounded', () => {
  const at = (on: boolean) => ({ switches: [{ id: 'a', title: 'A', expect: '', kind: 'switch' as const, on }] });
  expect(logOf(at(true), at(true), at(false))).toEqual(['- Switched on: A', '+ Switched off: A']);
  expect(logOf(...Array.from({ length: 500 }, (_, n) => at(n % 2 === 0)))).toHaveLength(60);
});

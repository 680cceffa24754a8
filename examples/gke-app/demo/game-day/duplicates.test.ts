import { expect, test } from 'vitest';
import { accountsOf } from './duplicates.ts';
import type { Played } from './experiment.ts';
import { startWitness } from './witness.ts';

const times = { steadyMs: 0, faultMs: 10_000, mendedMs: 14_000, endMs: 30_000 };

/** An experiment in which these ids were accepted, and delivered at these moments. */
function played(
  deliveries: Readonly<Record<string, readonly number[]>>,
  accepted: readonly string[],
  failures: Readonly<Record<string, number[]>> = {},
): Played {
  const witness = {
    ...startWitness(),
    accepted: new Map(accepted.map((id) => [id, 0])),
    deliveries: new Map(Object.entries(deliveries)),
    failures: new Map(Object.entries(failures)),
  };
  return { times, witness, aborted: undefined, stalledMs: 0 };
}

test('what was accepted and never delivered is lost, whatever else arrived', () => {
  const { lost, accepted, delivered, unexplained } = accountsOf(played({ a: [100], b: [200] }, ['a', 'b', 'c']), 'receiver-resets');
  expect({ lost, accepted, delivered, unexplained }).toEqual({ lost: ['c'], accepted: 3, delivered: 2, unexplained: [] });
});

test('a repetition needs a cause that lies where it can have worked', () => {
  const deliveries = { a: [9900, 12_500], b: [5000, 12_500], c: [9900] };
  const killed = accountsOf(played(deliveries, ['a', 'b', 'c']), 'worker-kill');
  expect(killed.duplicates).toEqual({ 'its worker was killed': 1 });
  expect(killed.unexplained).toEqual(['b']);
  // Without a killed worker the same record has no explanation at all.
  expect(accountsOf(played(deliveries, ['a', 'b', 'c']), 'traffic-x5').unexplained).toEqual(['a', 'b']);
});

test('an attempt that was given up between two deliveries explains the second, and so does a Redis that was away', () => {
  const failed = accountsOf(played({ a: [5000, 9000] }, ['a'], { a: [7000] }), 'receiver-hangs');
  expect(failed).toMatchObject({ duplicates: { 'an attempt was given up after the receiver had taken it': 1 }, unexplained: [] });
  const away = accountsOf(played({ a: [9900, 16_000], late: [25_000, 26_000] }, ['a', 'late']), 'redis-kill');
  expect(away).toMatchObject({ duplicates: { 'Redis was away when it was to be settled': 1 }, unexplained: ['late'] });
});

test('an event that nobody was told of is explained by a Redis that was killed, and by nothing else', () => {
  const deliveries = { a: [100], stranger: [15_000] };
  expect(accountsOf(played(deliveries, ['a']), 'redis-kill')).toMatchObject({ deliveredUnaccepted: 1, unexplained: [] });
  expect(accountsOf(played(deliveries, ['a']), 'traffic-x5')).toMatchObject({ deliveredUnaccepted: 1, unexplained: ['stranger'] });
  expect(accountsOf(played({ stranger: [100] }, []), 'redis-kill').unexplained).toEqual(['stranger']);
});

import { expect, test } from 'vitest';
import type { Settlement } from '@nines/queue';
import { LEASE_MS, retry, type Open, type StoreHarness } from './actor.ts';

export function fencingCases(open: Open, harness: () => StoreHarness): void {
  test('a stale holder can neither acknowledge, retry, bury nor release what was given to another', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('stale');
    harness().advance(LEASE_MS + 1);
    expect(await actor.claim('fresh')).toEqual(['a']);
    for (const settlement of staleSettlements) {
      const reply = await actor.store.exchange({ token: 'stale', known: true, settlements: [settlement], want: 1, wantSuspect: true });
      expect(reply.holder).toBe('expired');
      expect(reply.jobs).toEqual([]);
      expect(await actor.state('a')).toBe('active');
    }
    expect((await actor.ack('fresh', 'a')).lostIds).toEqual([]);
    expect(await actor.state('a')).toBeUndefined();
  });

  test('an id that the holder does not hold is reported as lost and left untouched, the rest of the batch is settled', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('one', 1);
    await actor.claim('two', 1);
    const reply = await actor.exchange(
      'one',
      [{ verb: 'ack', id: 'a', failedBefore: false }, { verb: 'ack', id: 'b', failedBefore: false }, retry('b', 0)],
      0,
    );
    expect(reply.lostIds).toEqual(['b', 'b']);
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('b')).toBe('active');
  });

  test('an exchange renews the lease of everything held, however long the job runs', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    for (let round = 0; round < 5; round += 1) {
      harness().advance(LEASE_MS - 1000);
      expect((await actor.exchange('h', [], 0)).holder).toBe('holding');
      expect(await actor.claim('other')).toEqual([]);
    }
    expect((await actor.ack('h', 'a')).lostIds).toEqual([]);
  });

  test('a holder that comes late, but before anybody recovered what it holds, keeps it', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h');
    harness().advance(LEASE_MS + 1);
    const reply = await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false }], 5);
    expect(reply).toMatchObject({ holder: 'holding', lostIds: [], jobs: [], recovered: 0 });
    expect(await actor.claim('other')).toEqual([]);
    expect((await actor.ack('h', 'b')).lostIds).toEqual([]);
    expect(await actor.state('b')).toBeUndefined();
  });

  test('a holder that holds nothing is not listed, so its silence wakes nobody', async () => {
    const actor = open();
    expect((await actor.exchange('h', [], 5)).holder).toBe('idle');
    expect((await actor.exchange('other', [], 5)).nextDueMs).toBeUndefined();
  });

  test('after a lost answer the holder gives back what it does not run, and no loss is counted', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await actor.claim('h');
    expect(await actor.store.reconcile('h', ['b', 'elsewhere'])).toEqual({ expired: false, lostIds: ['elsewhere'] });
    expect(await actor.state('b')).toBe('active');
    const back = await actor.exchange('other', [], 10);
    expect(back.jobs.map(({ id }) => id).toSorted()).toEqual(['a', 'c']);
    expect(back.jobs.every(({ record, suspect }) => record === undefined && !suspect)).toBe(true);
    expect((await actor.ack('h', 'a', 'b')).lostIds).toEqual(['a']);
    expect(await actor.state('a')).toBe('active');
  });
}

const staleSettlements: readonly Settlement[] = [
  { verb: 'ack', id: 'a', failedBefore: false },
  retry('a', 0),
  { verb: 'dead', id: 'a', record: '1 0 {}' },
  { verb: 'release', id: 'a', suspect: false },
];

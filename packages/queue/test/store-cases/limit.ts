import { expect, test } from 'vitest';
import { LEASE_MS, type Actor, type Open, type StoreHarness } from './actor.ts';

const MINUTE = 60_000;

/** Rate and cap of a queue. Times are minutes, so that what a run itself takes does not matter. */
export function limitCases(open: Open, harness: () => StoreHarness): void {
  const fill = (actor: Actor, count: number) => actor.add(...Array.from({ length: count }, (_, at) => `job-${at}`));

  test('a rate gives its count at once after a pause, then one at an even pace, and says when', async () => {
    const actor = open({ leaseMs: 3_600_000, rateLimit: { count: 3, perMs: 3 * MINUTE } });
    await fill(actor, 10);
    const first = await actor.exchange('h', [], 10);
    expect(first.jobs).toHaveLength(3);
    expect(first.nextDueMs).toBeGreaterThan(MINUTE - 10_000);
    expect(first.nextDueMs).toBeLessThanOrEqual(MINUTE);
    expect(await actor.claim('other')).toEqual([]);
    harness().advance(MINUTE);
    expect(await actor.claim('other')).toEqual(['job-3']);
    expect(await actor.claim('h')).toEqual([]);
    harness().advance(60 * MINUTE);
    await actor.exchange('h', [], 0);
    expect(await actor.claim('third')).toHaveLength(3);
  });

  test('a rate is never more than twice its count, less one, in any of its spans', async () => {
    const [count, span] = [4, 4];
    const actor = open({ leaseMs: 3_600_000, maxWaiting: 1000, rateLimit: { count, perMs: span * MINUTE } });
    await fill(actor, 200);
    const starts: number[] = [];
    for (let minute = 0; minute < 40; minute += 1) {
      // Silence for a while, which fills the burst, and then all that is given.
      if (minute % 13 >= 5) starts.push(...(await actor.claim('h')).map(() => minute));
      harness().advance(MINUTE);
    }
    const within = (from: number) => starts.filter((at) => at >= from && at < from + span).length;
    const most = Math.max(...starts.map(within));
    expect(most).toBe(2 * count - 1);
    expect(starts.length).toBeLessThanOrEqual(count + 40);
  });

  test('a token is spent for what is claimed, and for nothing else', async () => {
    const actor = open({ rateLimit: { count: 2, perMs: 60 * MINUTE } });
    for (let empty = 0; empty < 5; empty += 1) expect(await actor.claim('h')).toEqual([]);
    await actor.add('a');
    expect(await actor.claim('h')).toEqual(['a']);
    await actor.add('b', 'c');
    await actor.store.setPaused(true);
    expect(await actor.claim('h')).toEqual([]);
    await actor.store.setPaused(false);
    expect(await actor.claim('h')).toEqual(['b']);
  });

  test('a rate holds for suspects and for every class and group, and a jump back of the clock stops it for one span at most', async () => {
    const actor = open({ leaseMs: LEASE_MS, rateLimit: { count: 3, perMs: 30 * MINUTE } });
    await actor.add('lost');
    await actor.claim('dead-one');
    harness().advance(LEASE_MS + 1);
    await actor.addTo('p9', 'high');
    await actor.addTo('gA', 'a1');
    expect(await actor.claim('h')).toEqual(['lost', 'high']);
    harness().advance(-600 * MINUTE);
    expect(await actor.claim('other')).toEqual([]);
    harness().advance(10 * MINUTE);
    expect(await actor.claim('other')).toEqual(['a1']);
  });

  test('a cap holds over all consumers, and what is done makes room', async () => {
    const actor = open({ globalConcurrency: 3 });
    await fill(actor, 10);
    expect(await actor.claim('one', 2)).toHaveLength(2);
    expect(await actor.claim('two', 5)).toEqual(['job-2']);
    expect(await actor.claim('three', 5)).toEqual([]);
    const reply = await actor.exchange('one', [{ verb: 'ack', id: 'job-0', failedBefore: false }], 5);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['job-3']);
    expect(await actor.store.counts()).toMatchObject({ active: 3 });
  });

  test('a cap counts what a dead process holds until that is given to others', async () => {
    const actor = open({ globalConcurrency: 1 });
    await actor.add('a');
    await actor.claim('dead-one');
    const blocked = await actor.exchange('h', [], 5);
    expect(blocked.jobs).toEqual([]);
    expect(blocked.nextDueMs).toBeLessThanOrEqual(LEASE_MS);
    harness().advance(LEASE_MS + 1);
    expect(await actor.claim('h')).toEqual(['a']);
  });

  test('room under a cap that its holder does not use wakes another consumer', async () => {
    const actor = open({ globalConcurrency: 1 });
    await actor.add('a', 'b');
    await actor.claim('one', 1);
    expect(await actor.claim('two', 1)).toEqual([]);
    const woken = Promise.withResolvers<'woken'>();
    await actor.store.subscribe(() => woken.resolve('woken'));
    await actor.ack('one', 'a');
    expect(await woken.promise).toBe('woken');
    expect(await actor.claim('two', 1)).toEqual(['b']);
  });

  test('where there is a rate or a cap no more is claimed than slots are free', async () => {
    for (const limits of [{ rateLimit: { count: 100, perMs: 1000 } }, { globalConcurrency: 100 }]) {
      const actor = open({ namespace: Object.keys(limits).join(), ...limits });
      await fill(actor, 10);
      const reply = await actor.store.exchange({ token: 'h', known: false, settlements: [], want: 9, slots: 2, wantSuspect: true });
      expect([reply.jobs.length, reply.slotsOnly]).toEqual([2, true]);
    }
  });
}

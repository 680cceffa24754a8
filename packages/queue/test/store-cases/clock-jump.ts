import { expect, test } from 'vitest';
import { LEASE_MS, type Open, type StoreHarness } from './actor.ts';

const HOUR_MS = 3_600_000;

/** The clock of the store jumps: a failover to a server whose clock is wrong, or a correction. */
export function clockJumpCases(open: Open, harness: () => StoreHarness): void {
  test('the clock jumps forward: what is held is given away at most once more, what is delayed comes early, nothing is lost', async () => {
    const actor = open();
    await actor.add('a');
    await actor.addDelayed('later', HOUR_MS / 2);
    await actor.claim('h');
    harness().advance(HOUR_MS);
    // Whoever calls first after the jump: the holder keeps what it holds, another takes it over.
    expect((await actor.exchange('h', [], 0)).holder).toBe('holding');
    harness().advance(HOUR_MS);
    const taken = await actor.claim('other');
    expect(taken.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['a', 'later']);
    expect((await actor.ack('h', 'a')).holder).toBe('expired');
    expect((await actor.ack('other', 'a', 'later')).lostIds).toEqual([]);
    expect(await actor.store.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0 });
  });

  test('the clock jumps back: leases hold and are renewed, delays take longer, nothing is lost and nothing runs twice', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.addDelayed('later', 5000);
    await actor.claim('h', 1);
    harness().advance(-HOUR_MS);
    expect(await actor.claim('other')).toEqual(['b']);
    expect((await actor.exchange('h', [], 0)).holder).toBe('holding');
    // Renewed by the clock as it is now, so a crash is found as soon as ever.
    harness().advance(LEASE_MS + 1);
    expect((await actor.exchange('third', [], 0)).recovered).toBe(2);
    harness().advance(HOUR_MS);
    expect((await actor.exchange('third', [], 10)).jobs.map(({ id }) => id)).toContain('later');
  });
}

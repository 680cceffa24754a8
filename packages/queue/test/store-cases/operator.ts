import { expect, test } from 'vitest';
import type { Open, StoreHarness } from './actor.ts';

const bury = (id: string) => ({ verb: 'dead', id, record: '5 0 {"e":"gone"}' }) as const;

/** What an operator does to a queue from outside. */
export function operatorCases(open: Open, harness: () => StoreHarness): void {
  test('jobs are listed by state, oldest first, a page at a time', async () => {
    const actor = open({ completed: { count: 10, ageMs: 60_000 } });
    await actor.add('a', 'b', 'c', 'd', 'e');
    await actor.addDelayed('later', 1000);
    await actor.claim('h', 3);
    await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false }, bury('b')], 0);
    const ids = async (state: Parameters<typeof actor.store.list>[0], skip = 0, limit = 10) =>
      (await actor.store.list(state, skip, limit)).map(({ id, state: is }) => `${id} ${is}`);
    expect(await ids('waiting')).toEqual(['d waiting', 'e waiting']);
    expect(await ids('waiting', 1, 1)).toEqual(['e waiting']);
    expect(await ids('active')).toEqual(['c active']);
    expect(await ids('delayed')).toEqual(['later delayed']);
    expect(await ids('completed')).toEqual(['a completed']);
    expect(await ids('dead')).toEqual(['b dead']);
  });

  test('a redriven dead letter is a waiting job again, with no attempt counted', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await actor.claim('h');
    await actor.exchange('h', [bury('a')], 0);
    harness().advance(1);
    await actor.exchange('h', [bury('b'), bury('c')], 0);
    expect(await actor.store.redrive({ ids: ['b', 'no-such-job', 'b'] })).toEqual(['b']);
    expect(await actor.store.redrive({ limit: 1 })).toEqual(['a']);
    const { jobs } = await actor.exchange('h', [], 10);
    expect(jobs.map(({ id, record }) => [id, record])).toEqual([
      ['b', undefined],
      ['a', undefined],
    ]);
    expect(await actor.state('c')).toBe('dead');
  });

  test('a purged dead letter is gone, and its id is free again', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h');
    await actor.exchange('h', [bury('a'), bury('b')], 0);
    expect(await actor.store.purge({ ids: ['a'] })).toEqual(['a']);
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.add('a')).toEqual(['created']);
    expect(await actor.store.purge({ limit: 10 })).toEqual(['b']);
    expect((await actor.store.counts()).dead).toBe(0);
  });

  test('a paused queue takes jobs in and settles, gives none out, and wakes its consumers when it goes on', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    await actor.store.setPaused(true);
    expect((await actor.store.counts()).paused).toBe(true);
    const woken = Promise.withResolvers<'woken'>();
    expect((await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false }], 5)).jobs).toEqual([]);
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.add('c')).toEqual(['created']);
    expect(await actor.claim('h', 5)).toEqual([]);
    await actor.store.subscribe(() => woken.resolve('woken'));
    await actor.store.setPaused(false);
    expect(await woken.promise).toBe('woken');
    expect(await actor.claim('h', 5)).toEqual(['b', 'c']);
  });
}

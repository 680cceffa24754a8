import { expect, test } from 'vitest';
import { LEASE_MS, retry, type Open, type StoreHarness } from './actor.ts';

/** Classes of priority: `p0` to `p9`, and the class 4 of jobs without a place. */
export function priorityCases(open: Open, harness: () => StoreHarness): void {
  test('a job of a higher class is claimed before all of the lower ones, and within a class the order is kept', async () => {
    const actor = open();
    await actor.addTo('p0', 'low');
    await actor.add('a', 'b');
    await actor.addTo('p9', 'first', 'second');
    await actor.addTo('p5', 'above');
    await actor.addTo('p3', 'below');
    expect(await actor.claim('h', 4)).toEqual(['first', 'second', 'above', 'a']);
    await actor.addTo('p6', 'late');
    expect(await actor.claim('h', 10)).toEqual(['late', 'b', 'below', 'low']);
  });

  test('a job keeps its class when it is retried, handed back, or redriven', async () => {
    const actor = open();
    await actor.addTo('p7', 'a', 'b', 'c');
    await actor.add('plain');
    expect(await actor.claim('h', 3)).toEqual(['a', 'b', 'c']);
    const bury = { verb: 'dead', id: 'c', record: '5 0 {}' } as const;
    await actor.exchange('h', [retry('a', 1000), { verb: 'release', id: 'b', suspect: false }, bury], 0);
    expect((await actor.store.get('c'))?.place).toBe('p7');
    await actor.store.redrive({ limit: 10 });
    harness().advance(1000);
    expect(await actor.claim('h', 10)).toEqual(['b', 'c', 'a', 'plain']);
  });

  test('what a dead process held comes back before every class', async () => {
    const actor = open();
    await actor.addTo('p1', 'low');
    expect(await actor.claim('dead-one')).toEqual(['low']);
    harness().advance(LEASE_MS + 1);
    await actor.addTo('p9', 'high');
    expect(await actor.claim('h', 1)).toEqual(['low']);
  });

  test('jobs of every class are counted, listed and found, and bounded by maxWaiting', async () => {
    const actor = open({ maxWaiting: 4 });
    await actor.add('plain');
    await actor.addTo('p9', 'high');
    await actor.addDelayed('later', 1000, 'p2');
    expect(await actor.addTo('p0', 'low', 'too many')).toEqual(['created', 'full']);
    expect(await actor.state('too many')).toBeUndefined();
    expect(await actor.store.counts()).toMatchObject({ waiting: 3, delayed: 1 });
    const listed = await actor.store.list('waiting', 0, 10);
    expect(listed.map(({ id, place }) => `${id} ${place}`)).toEqual(['high p9', 'plain undefined', 'low p0']);
    expect((await actor.store.list('waiting', 1, 1)).map(({ id }) => id)).toEqual(['plain']);
    expect(await actor.store.get('low')).toMatchObject({ state: 'waiting', place: 'p0' });
    await actor.claim('h');
    expect(await actor.store.counts()).toMatchObject({ waiting: 0, active: 3 });
    expect(await actor.addTo('p0', 'room again')).toEqual(['created']);
  });

  test('where classes are in use no more is claimed than slots are free, and elsewhere as many as are wanted', async () => {
    const actor = open();
    const ask = { token: 'h', known: false, settlements: [], want: 5, slots: 2, wantSuspect: true };
    await actor.add('a', 'b', 'c', 'd');
    const all = await actor.store.exchange({ ...ask, want: 3 });
    expect([all.jobs.length, all.slotsOnly]).toEqual([3, false]);
    await actor.addTo('p9', 'e', 'f', 'g');
    const some = await actor.store.exchange({ ...ask, known: true });
    expect([some.jobs.map(({ id }) => id), some.slotsOnly]).toEqual([['e', 'f'], true]);
    await actor.claim('other', 10);
    await actor.ack('h', 'a', 'b', 'c', 'e', 'f');
    expect((await actor.ack('other', 'g', 'd')).slotsOnly).toBe(true);
    expect((await actor.exchange('h', [], 0)).slotsOnly).toBe(false);
  });
}

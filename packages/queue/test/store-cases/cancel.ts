import { expect, test } from 'vitest';
import type { JobNews, Settlement } from '@nines/queue';
import { keyed } from './dedup.ts';
import { LEASE_MS, retry, type Actor, type Open, type StoreHarness } from './actor.ts';

const cancelled = async ({ store }: Actor, id: string) => (await store.outcomes([id]))[0]?.state;

/** An operator cancels, and what happens to jobs is told. */
export function cancelCases(open: Open, harness: () => StoreHarness): void {
  const kept = { results: { count: 100, ageMs: 60_000 } };

  test('a job that has not begun is removed by its cancellation, one that has ended or never was is left', async () => {
    const actor = open({ ...kept, completed: { count: 10, ageMs: 60_000 } });
    await actor.add('done', 'dead', 'a', 'b');
    await actor.addDelayed('later', 60_000);
    await actor.claim('h', 2);
    await actor.exchange(
      'h',
      [
        { verb: 'ack', id: 'done', failedBefore: false },
        { verb: 'dead', id: 'dead', record: '1 0 {}' },
      ],
      0,
    );
    const ids = ['a', 'later', 'done', 'dead', 'never'];
    expect(await actor.store.cancel(ids)).toEqual(['cancelled', 'cancelled', 'ended', 'ended', 'unknown']);
    expect(await actor.store.cancel(['a'])).toEqual(['unknown']);
    expect([await actor.state('a'), await actor.state('later'), await actor.state('done')]).toEqual([undefined, undefined, 'completed']);
    expect(await actor.store.counts()).toMatchObject({ waiting: 1, delayed: 0 });
    expect(await cancelled(actor, 'a')).toBe('cancelled');
    expect(await actor.claim('h')).toEqual(['b']);
    // The id is free again, and so is a key.
    expect(await actor.add('a')).toEqual(['created']);
    await actor.store.enqueue([keyed('k1', 'k')]);
    expect(await actor.store.cancel(['k1'])).toEqual(['cancelled']);
    expect((await actor.store.enqueue([keyed('k2', 'k')])).verdicts).toEqual(['created']);
  });

  test('an active job that was cancelled is told to its holder at the next call, until it has ended', async () => {
    const actor = open(kept);
    await actor.add('a', 'b');
    await actor.claim('h');
    expect(await actor.store.cancel(['a'])).toEqual(['cancelling']);
    expect(await actor.state('a')).toBe('active');
    expect((await actor.exchange('h', [], 0)).cancelledIds).toEqual(['a']);
    expect((await actor.exchange('h', [], 0)).cancelledIds).toEqual(['a']);
    const reply = await actor.exchange('h', [{ verb: 'cancel', id: 'a' }], 0);
    expect([reply.lostIds, reply.cancelledIds ?? []]).toEqual([[], []]);
    expect(await actor.state('a')).toBeUndefined();
    expect(await cancelled(actor, 'a')).toBe('cancelled');
    expect(await actor.state('b')).toBe('active');
  });

  test.each([
    ['is retried', retry('a', 5000)],
    ['is dead-lettered', { verb: 'dead', id: 'a', record: '1 0 {}' }],
    ['is handed back', { verb: 'release', id: 'a', suspect: false }],
  ] satisfies [string, Settlement][])(
    'a cancelled job that %s by a holder that has not heard of it ends as cancelled',
    async (_how, settlement) => {
      const actor = open(kept);
      await actor.add('a');
      await actor.claim('h');
      await actor.store.cancel(['a']);
      await actor.exchange('h', [settlement], 0);
      expect(await actor.state('a')).toBeUndefined();
      expect(await cancelled(actor, 'a')).toBe('cancelled');
      expect(await actor.add('a')).toEqual(['created']);
      expect((await actor.exchange('h', [], 1)).cancelledIds ?? []).toEqual([]);
    },
  );

  test('a job that is done before its cancellation reaches it is completed', async () => {
    const actor = open(kept);
    await actor.add('a');
    await actor.claim('h');
    await actor.store.cancel(['a']);
    await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false, result: Buffer.from('v1') }], 0);
    expect(await cancelled(actor, 'a')).toBe('completed');
    await actor.add('a');
    expect((await actor.exchange('h', [], 1)).cancelledIds ?? []).toEqual([]);
  });

  test('a cancelled job whose holder dies is not run again', async () => {
    const actor = open(kept);
    await actor.add('a', 'b');
    await actor.claim('h');
    await actor.store.cancel(['a']);
    harness().advance(LEASE_MS + 1);
    const reply = await actor.exchange('heir', [], 5);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['b']);
    expect(reply.recovered).toBe(2);
    expect(await cancelled(actor, 'a')).toBe('cancelled');
  });

  test('a cancelled job that is handed back by a reconciliation is told to who claims it', async () => {
    const actor = open(kept);
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    await actor.store.cancel(['a']);
    expect(await actor.store.reconcile('h', [])).toMatchObject({ expired: false });
    const reply = await actor.exchange('heir', [], 2);
    expect([reply.jobs.map(({ id }) => id), reply.cancelledIds]).toEqual([['a', 'b'], ['a']]);
    await actor.exchange('heir', [{ verb: 'cancel', id: 'a' }], 0);
    expect(await cancelled(actor, 'a')).toBe('cancelled');
  });

  test('consumers hear of the cancellation of an active job', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    const told = Promise.withResolvers<'told'>();
    let asked = false;
    // A connection that is only now there says that something may have been missed, which is as good.
    await actor.store.subscribe((what) => asked && what !== 'wake' && told.resolve('told'));
    asked = true;
    await actor.store.cancel(['a']);
    expect(await told.promise).toBe('told');
  });

  test('what happens to jobs is told to who listens, and nobody hears of a queue without events', async () => {
    const actor = open({ events: true });
    const silent = open({ name: `${actor.options.name}-silent` });
    const news: JobNews[] = [];
    const all = Promise.withResolvers<void>();
    await silent.store.listen((more) => news.push(...(more ?? [])));
    await actor.store.listen((more) => {
      news.push(...(more ?? []));
      if (news.length === 7) all.resolve();
    });
    for (const one of [silent, actor]) {
      await one.add('a', 'b', 'c', 'd', 'e');
      await one.claim('h');
      await one.ack('h', 'a');
    }
    const settlements: Settlement[] = [retry('b', 5000), { verb: 'dead', id: 'c', record: '1 0 {"e":"\\"r\\":\\"x\\"","r":"rejected"}' }];
    await actor.exchange('h', settlements, 0);
    await actor.store.cancel(['b', 'd']);
    await actor.store.exchange({
      token: 'h',
      known: true,
      settlements: [],
      progress: new Map([['e', '0.5']]),
      want: 0,
      wantSuspect: false,
    });
    await actor.exchange('h', [{ verb: 'cancel', id: 'd' }], 0);
    harness().advance(LEASE_MS + 1);
    await actor.exchange('heir', [], 0);
    await all.promise;
    expect(news).toEqual([
      ['completed', 'a'],
      ['retrying', 'b', 5000],
      ['dead', 'c', 'rejected'],
      ['cancelled', 'b'],
      ['progress', 'e', '0.5'],
      ['cancelled', 'd'],
      ['lost', 'e'],
    ]);
  });
}

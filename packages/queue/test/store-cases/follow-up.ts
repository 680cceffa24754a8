import { expect, test } from 'vitest';
import type { FollowUp, Settlement } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import { LEASE_MS, type Open, type StoreHarness } from './actor.ts';

export function followUpCases(open: Open, harness: () => StoreHarness): void {
  const pair = (options: Parameters<Open>[0] = {}, ofParent: Parameters<Open>[0] = {}) => {
    const parent = open(ofParent);
    const next = open({ name: `${parent.options.name}-next`, ...options });
    const follows = (id: string, delayMs = 0): FollowUp => ({
      queue: next.options,
      job: { id, delayMs, fresh: true, envelope: encodeEnvelope({ body: Buffer.from(JSON.stringify(id)) }) },
    });
    const commit = (id: string, ...followUps: readonly FollowUp[]): Settlement => ({ verb: 'commit', id, failedBefore: false, followUps });
    return { parent, next, follows, commit };
  };

  test('a job is acknowledged and the jobs that follow from it are enqueued in one step', async () => {
    const { parent, next, follows, commit } = pair();
    await parent.store.colocate(next.options);
    await parent.add('a', 'b', 'c');
    await parent.claim('h', 2);
    const reply = await parent.exchange(
      'h',
      [commit('a', follows('a1'), follows('a2', 5000)), { verb: 'ack', id: 'b', failedBefore: false }],
      1,
    );
    expect(reply.lostIds).toEqual([]);
    expect(reply.refusedIds).toEqual([]);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['c']);
    expect([await parent.state('a'), await next.state('a1'), await next.state('a2')]).toEqual([undefined, 'waiting', 'delayed']);
    const [job] = (await next.exchange('n', [], 5)).jobs;
    expect(job?.id).toBe('a1');
    expect(job?.stored?.subarray(6)).toEqual(follows('a1').job.envelope);
    harness().advance(5000);
    expect(await next.claim('n')).toEqual(['a2']);
  });

  test('a stale holder commits nothing', async () => {
    const { parent, next, follows, commit } = pair();
    await parent.add('a');
    await parent.claim('stale');
    harness().advance(LEASE_MS + 1);
    expect(await parent.claim('fresh')).toEqual(['a']);
    const stale = { token: 'stale', known: true, settlements: [commit('a', follows('a1'))], want: 0, wantSuspect: false };
    expect((await parent.store.exchange(stale)).holder).toBe('expired');
    expect(await next.state('a1')).toBeUndefined();
    expect(await parent.state('a')).toBe('active');
  });

  test('a commit whose answer was lost is not carried out twice', async () => {
    const { parent, next, follows, commit } = pair();
    await parent.add('a', 'b');
    await parent.claim('h');
    await parent.exchange('h', [commit('a', follows('a1'))], 0);
    expect(await next.claim('n')).toEqual(['a1']);
    await next.ack('n', 'a1');
    // The child is done and gone, so its id alone would not keep a second one out.
    const again = await parent.exchange('h', [commit('a', follows('a1'))], 0);
    expect(again.lostIds).toEqual(['a']);
    expect(await next.state('a1')).toBeUndefined();
    expect((await parent.store.reconcile('h', ['a', 'b'])).lostIds).toEqual(['a']);
  });

  test('where the next queue is full the parent is delayed, with no attempt counted, and nothing is added', async () => {
    const { parent, next, follows, commit } = pair({ maxWaiting: 2 });
    await next.add('x');
    await parent.add('a');
    await parent.claim('h');
    const refused = await parent.exchange('h', [commit('a', follows('a1'), follows('a2'))], 0);
    expect(refused.refusedIds).toEqual(['a']);
    expect(refused.lostIds).toEqual([]);
    expect([await parent.state('a'), await next.state('a1'), await next.state('a2')]).toEqual(['delayed', undefined, undefined]);
    expect(await next.claim('n')).toEqual(['x']);
    harness().advance(1000);
    const [again] = (await parent.exchange('h', [], 1)).jobs;
    expect(again).toMatchObject({ id: 'a', record: undefined });
    expect((await parent.exchange('h', [commit('a', follows('a1'), follows('a2'))], 0)).refusedIds).toEqual([]);
    expect(await next.claim('n')).toEqual(['a1', 'a2']);
  });

  test('a commit keeps what is kept of completed jobs, and wakes who sleeps on the next queue', async () => {
    const { parent: kept, next, follows, commit } = pair({}, { completed: { count: 1, ageMs: 60_000 } });
    const woken = Promise.withResolvers<'woken'>();
    await next.exchange('n', [], 1);
    await next.store.subscribe(() => woken.resolve('woken'));
    await kept.add('a', 'b');
    await kept.claim('h');
    await kept.exchange('h', [commit('a', follows('a1'))], 0);
    expect(await woken.promise).toBe('woken');
    expect(await kept.state('a')).toBe('completed');
    harness().advance(1);
    await kept.exchange('h', [commit('b', follows('b1'))], 0);
    expect([await kept.state('a'), await kept.state('b')]).toEqual([undefined, 'completed']);
  });

  test('a queue of another namespace is refused with NOT_COLOCATED', async () => {
    const { parent, next } = pair({ namespace: 'elsewhere' });
    await expect(parent.store.colocate(next.options)).rejects.toMatchObject({ code: 'NOT_COLOCATED' });
  });
}

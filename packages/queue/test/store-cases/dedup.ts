import { expect, test } from 'vitest';
import type { NewJob } from '@nines/queue';
import { digestOf, encodeEnvelope } from '../../src/envelope.ts';
import { LEASE_MS, type Open, type StoreHarness } from './actor.ts';

/** A job with a key, as the producer makes it. */
export function keyed(
  id: string,
  key: string,
  options: { readonly ttlMs?: number; readonly body?: string; readonly delayMs?: number } = {},
): NewJob {
  const { ttlMs, body = 'body', delayMs = 0 } = options;
  const bytes = Buffer.from(JSON.stringify(body));
  const envelope = encodeEnvelope({ digest: digestOf(bytes), body: bytes });
  return { id, delayMs, fresh: true, envelope, deduplicate: ttlMs === undefined ? { key } : { key, ttlMs } };
}

export function dedupCases(open: Open, harness: () => StoreHarness): void {
  const bury = (id: string) => ({ verb: 'dead', id, record: '1 0 {}' }) as const;
  const enqueue = async ({ store }: ReturnType<Open>, ...jobs: readonly NewJob[]) => {
    const { verdicts, keptOutBy } = await store.enqueue(jobs);
    return verdicts.map((verdict, at) => `${verdict} ${keptOutBy?.get(at) ?? jobs[at]!.id}`);
  };

  test('a key keeps a second job out while the first waits, is delayed or runs, and no longer', async () => {
    const actor = open();
    expect(await enqueue(actor, keyed('a', 'k'), keyed('b', 'k'), keyed('c', 'k', { body: 'other' }), keyed('d', 'other'))).toEqual([
      'created a',
      'existing a',
      'different a',
      'created d',
    ]);
    expect(await enqueue(actor, keyed('e', 'k'))).toEqual(['existing a']);
    await actor.claim('h');
    expect(await enqueue(actor, keyed('e', 'k', { body: 'other' }))).toEqual(['different a']);
    await actor.exchange('h', [{ verb: 'retry', id: 'a', delayMs: 1000, record: '1 0 {}' }], 0);
    expect(await enqueue(actor, keyed('e', 'k'))).toEqual(['existing a']);
    harness().advance(LEASE_MS - 1);
    await actor.claim('h');
    await actor.ack('h', 'a', 'd');
    expect(await enqueue(actor, keyed('e', 'k'), keyed('f', 'other'))).toEqual(['created e', 'created f']);
    expect((await actor.store.counts()).waiting).toBe(2);
  });

  test('a key with a time keeps a second job out for that long, whatever becomes of the first', async () => {
    const actor = open();
    expect(await enqueue(actor, keyed('a', 'k', { ttlMs: 60_000 }))).toEqual(['created a']);
    await actor.claim('h');
    await actor.ack('h', 'a');
    expect(await actor.state('a')).toBeUndefined();
    harness().advance(59_000);
    expect(await enqueue(actor, keyed('b', 'k'), keyed('c', 'k', { body: 'other' }))).toEqual(['existing a', 'different a']);
    // What was kept out adds no time.
    harness().advance(1000);
    expect(await enqueue(actor, keyed('b', 'k'))).toEqual(['created b']);
    expect(await enqueue(actor, keyed('c', 'k', { ttlMs: 60_000 }))).toEqual(['existing b']);
  });

  test('a job whose key and id are its own is repeated after a lost answer, also when it is done meanwhile', async () => {
    const actor = open();
    const job = keyed('a', 'k', { ttlMs: 60_000 });
    await enqueue(actor, job);
    expect(await enqueue(actor, { ...job, fresh: false })).toEqual(['existing a']);
    await actor.claim('h');
    await actor.ack('h', 'a');
    expect(await enqueue(actor, { ...job, fresh: false })).toEqual(['existing a']);
    expect((await actor.store.counts()).waiting).toBe(0);
  });

  test('a dead letter has no key; a redriven one has it again, unless another job took it', async () => {
    const actor = open();
    await enqueue(actor, keyed('a', 'k'), keyed('b', 'taken'));
    await actor.claim('h');
    await actor.exchange('h', [bury('a'), bury('b')], 0);
    expect(await enqueue(actor, keyed('c', 'taken'))).toEqual(['created c']);
    expect(await actor.store.redrive({ ids: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(await enqueue(actor, keyed('d', 'k'), keyed('e', 'taken'))).toEqual(['existing a', 'existing c']);
    await actor.claim('h');
    await actor.ack('h', 'b');
    expect(await enqueue(actor, keyed('e', 'taken'))).toEqual(['existing c']);
    await actor.exchange('h', [bury('a')], 0);
    await actor.store.purge({ ids: ['a'] });
    expect(await enqueue(actor, keyed('d', 'k'))).toEqual(['created d']);
  });

  test('a completed job that is kept has no key, and none is left when it is forgotten', async () => {
    const actor = open({ completed: { count: 1, ageMs: 60_000 } });
    await enqueue(actor, keyed('a', 'k'));
    await actor.claim('h');
    await actor.ack('h', 'a');
    expect(await enqueue(actor, keyed('b', 'k'))).toEqual(['created b']);
    await actor.claim('h');
    harness().advance(1);
    await actor.ack('h', 'b');
    expect([await actor.state('a'), await actor.state('b')]).toEqual([undefined, 'completed']);
    expect(await enqueue(actor, keyed('c', 'k'))).toEqual(['created c']);
  });

  test('a full queue refuses a job with its key: the key is free', async () => {
    const actor = open({ maxWaiting: 1 });
    expect(await enqueue(actor, keyed('a', 'one'), keyed('b', 'two'), keyed('c', 'one'))).toEqual(['created a', 'full b', 'existing a']);
    await actor.claim('h');
    expect(await enqueue(actor, keyed('c', 'two'))).toEqual(['created c']);
  });

  test('what follows from a job is kept out by its key, and the job is done all the same', async () => {
    const parent = open();
    const next = open({ name: `${parent.options.name}-next` });
    const follows = (id: string, key: string) => ({ queue: next.options, job: keyed(id, key) });
    await parent.store.colocate(next.options);
    await enqueue(next, keyed('x', 'k'));
    await parent.add('a');
    await parent.claim('h');
    const followUps = [follows('a1', 'k'), follows('a2', 'free'), follows('a3', 'free')];
    expect((await parent.exchange('h', [{ verb: 'commit', id: 'a', failedBefore: false, followUps }], 0)).lostIds).toEqual([]);
    expect(await next.claim('n')).toEqual(['x', 'a2']);
    expect(await enqueue(next, keyed('y', 'free'))).toEqual(['existing a2']);
    await next.ack('n', 'x', 'a2');
    expect(await enqueue(next, keyed('y', 'free'))).toEqual(['created y']);
  });

  test('a job may be followed by one with its own key, for it ends in the same step', async () => {
    const actor = open();
    await actor.store.colocate(actor.options);
    await enqueue(actor, keyed('a', 'k'), keyed('b', 'other', { ttlMs: 60_000 }));
    await actor.claim('h');
    const commit = (id: string, follower: NewJob) =>
      ({ verb: 'commit', id, failedBefore: false, followUps: [{ queue: actor.options, job: follower }] }) as const;
    await actor.exchange('h', [commit('a', keyed('a2', 'k')), commit('b', keyed('b2', 'other', { ttlMs: 60_000 }))], 0);
    // A key with a time is remembered whatever becomes of its job.
    expect(await actor.claim('h')).toEqual(['a2']);
    expect(await enqueue(actor, keyed('c', 'k'), keyed('d', 'other'))).toEqual(['existing a2', 'existing b']);
    await actor.ack('h', 'a2');
    expect(await enqueue(actor, keyed('c', 'k'))).toEqual(['created c']);
  });
}

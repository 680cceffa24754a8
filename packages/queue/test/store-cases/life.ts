import { expect, test } from 'vitest';
import { decodeFailure, encodeFailure } from '../../src/failure-record.ts';
import { retry, type Open, type StoreHarness } from './actor.ts';

export function lifeCases(open: Open, harness: () => StoreHarness): void {
  test.each([
    ['small ones first', [10, 3000, 1018, 1017, 70_000]],
    ['a large one first', [3000, 10, 70_000, 1017]],
  ])('envelopes of all sizes come back as they were, %s', async (_name, sizes) => {
    const actor = open();
    const jobs = sizes.map((size, at) => ({ id: `job-${at}`, delayMs: 0, fresh: true, envelope: Buffer.alloc(size, 250 + at) }));
    await actor.store.enqueue(jobs);
    const reply = await actor.exchange('holder', [], 10);
    // Before each stands the time at which it was taken.
    expect(reply.jobs.map(({ id, stored }) => [id, stored?.subarray(6).toString('hex')])).toEqual(
      jobs.map(({ id, envelope }) => [id, envelope.toString('hex')]),
    );
  });

  test('a job that is enqueued, claimed and acknowledged leaves nothing behind', async () => {
    const actor = open();
    expect(await actor.add('a')).toEqual(['created']);
    expect(await actor.state('a')).toBe('waiting');
    expect(await actor.claim('h')).toEqual(['a']);
    expect(await actor.state('a')).toBe('active');
    expect((await actor.ack('h', 'a')).holder).toBe('idle');
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.store.counts()).toEqual({
      waiting: 0,
      delayed: 0,
      due: 0,
      active: 0,
      completed: 0,
      dead: 0,
      oldestAgeMs: 0,
      paused: false,
    });
  });

  test('jobs are claimed in the order in which they were enqueued, each once', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c', 'd');
    expect(await actor.claim('h', 3)).toEqual(['a', 'b', 'c']);
    expect(await actor.claim('other', 3)).toEqual(['d']);
    expect(await actor.claim('h', 3)).toEqual([]);
  });

  test('an id is unique while its job exists, within a call and between calls', async () => {
    const actor = open();
    expect(await actor.add('a', 'a')).toEqual(['created', 'existing']);
    expect(await actor.add('a')).toEqual(['existing']);
    await actor.claim('h');
    expect(await actor.add('a')).toEqual(['existing']);
    await actor.ack('h', 'a');
    expect(await actor.add('a')).toEqual(['created']);
  });

  test('a delayed job is claimed when it is due, and a claim says when that is', async () => {
    const actor = open();
    await actor.addDelayed('later', 5000);
    const early = await actor.exchange('h', [], 1);
    expect(early.jobs).toEqual([]);
    expect(early.nextDueMs).toBeGreaterThan(0);
    expect(early.nextDueMs).toBeLessThanOrEqual(5000);
    expect(await actor.state('later')).toBe('delayed');
    expect((await actor.store.counts()).due).toBe(0);
    harness().advance(5000);
    expect(await actor.store.counts()).toMatchObject({ waiting: 0, delayed: 1, due: 1 });
    expect(await actor.claim('h')).toEqual(['later']);
  });

  test('a retried job waits out its delay and comes back with its record', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [retry('a', 3000)], 0);
    expect(await actor.claim('h')).toEqual([]);
    harness().advance(3000);
    const [job] = (await actor.exchange('h', [], 1)).jobs;
    expect(job?.id).toBe('a');
    expect(decodeFailure(job?.record ?? '')).toMatchObject({ attempts: 1, error: 'no' });
  });

  test('a dead-lettered job is kept with its record and never claimed again', async () => {
    const actor = open();
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [{ verb: 'dead', id: 'a', record: encodeFailure({ attempts: 5, losses: 0, error: 'gone' }) }], 0);
    expect(await actor.state('a')).toBe('dead');
    expect(decodeFailure((await actor.store.get('a'))?.record ?? '').error).toBe('gone');
    expect(await actor.claim('h')).toEqual([]);
    expect((await actor.store.counts()).dead).toBe(1);
  });

  test('one call settles and claims', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    const reply = await actor.exchange('h', [{ verb: 'ack', id: 'a', failedBefore: false }], 1);
    expect(reply.jobs.map(({ id }) => id)).toEqual(['b']);
    expect(await actor.state('a')).toBeUndefined();
  });

  test('the age of the oldest waiting job runs from when it was enqueued', async () => {
    const actor = open();
    await actor.add('a');
    harness().advance(7000);
    const { oldestAgeMs } = await actor.store.counts();
    expect(oldestAgeMs).toBeGreaterThanOrEqual(7000);
    expect(oldestAgeMs).toBeLessThan(60_000);
  });
}

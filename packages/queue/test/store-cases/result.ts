import { expect, test } from 'vitest';
import type { Settlement } from '@nines/queue';
import { encodeEnvelope } from '../../src/envelope.ts';
import { LEASE_MS, type Open, type StoreHarness } from './actor.ts';

const results = { results: { count: 2, ageMs: 60_000 } };
const done = (id: string, result = `v"${id}"`): Settlement => ({ verb: 'ack', id, failedBefore: false, result: Buffer.from(result) });

/** What handlers return, and how far they are. */
export function resultCases(open: Open, harness: () => StoreHarness): void {
  const outcomes = async ({ store }: ReturnType<Open>, ...ids: readonly string[]) =>
    (await store.outcomes(ids)).map((outcome) =>
      outcome.state === 'completed' ? `completed ${outcome.result.toString()}` : outcome.state,
    );

  test('a result is kept with the acknowledgement, and what came of a job is told', async () => {
    const actor = open(results);
    await actor.add('a', 'b', 'c', 'd');
    await actor.addDelayed('later', 1000);
    await actor.claim('h', 3);
    await actor.exchange('h', [done('a'), done('not held'), { verb: 'dead', id: 'b', record: '1 0 {"e":"gone"}' }], 0);
    expect(await outcomes(actor, 'a', 'b', 'c', 'd', 'later', 'not held', 'never')).toEqual([
      'completed v"a"',
      'dead',
      'pending',
      'pending',
      'pending',
      'unknown',
      'unknown',
    ]);
    expect((await actor.store.outcomes(['b']))[0]).toMatchObject({ record: '1 0 {"e":"gone"}' });
    expect(await actor.store.outcomes([])).toEqual([]);
  });

  test('results are kept by count', async () => {
    const actor = open(results);
    await actor.add('a', 'b', 'c');
    await actor.claim('h');
    for (const id of ['a', 'b', 'c']) {
      await actor.exchange('h', [done(id)], 0);
      harness().advance(1);
    }
    expect(await outcomes(actor, 'a', 'b', 'c')).toEqual(['unknown', 'completed v"b"', 'completed v"c"']);
  });

  test('results are kept by age', async () => {
    const actor = open(results);
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    await actor.exchange('h', [done('a')], 0);
    harness().advance(60_001);
    await actor.claim('h', 1);
    await actor.exchange('h', [done('b')], 0);
    expect(await outcomes(actor, 'a', 'b')).toEqual(['unknown', 'completed v"b"']);
  });

  test('a stale holder leaves no result', async () => {
    const actor = open(results);
    await actor.add('a');
    await actor.claim('stale');
    harness().advance(LEASE_MS + 1);
    expect(await actor.claim('fresh')).toEqual(['a']);
    expect(
      (await actor.store.exchange({ token: 'stale', known: true, settlements: [done('a')], want: 0, wantSuspect: false })).holder,
    ).toBe('expired');
    expect((await actor.exchange('other', [done('a')], 0)).lostIds).toEqual(['a']);
    expect(await outcomes(actor, 'a')).toEqual(['pending']);
  });

  test('a new job of an id has nothing of the result of the one before', async () => {
    const actor = open(results);
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [done('a')], 0);
    await actor.add('a');
    expect(await outcomes(actor, 'a')).toEqual(['pending']);
    expect((await actor.store.get('a'))?.result).toBeUndefined();
    await actor.claim('h');
    await actor.exchange('h', [done('a', 'v2')], 0);
    expect(await outcomes(actor, 'a')).toEqual(['completed v2']);
  });

  test('a commit keeps the result too, and a completed job that is kept shows it', async () => {
    const actor = open({ results: { count: 10, ageMs: 60_000 }, completed: { count: 10, ageMs: 60_000 } });
    await actor.store.colocate(actor.options);
    await actor.add('a', 'b');
    await actor.claim('h');
    const child = { id: 'child', delayMs: 0, fresh: true, envelope: encodeEnvelope({ body: Buffer.from('1') }) };
    const followUps = [{ queue: actor.options, job: child }];
    await actor.exchange('h', [{ verb: 'commit', id: 'a', failedBefore: false, followUps, result: Buffer.from('vone') }, done('b')], 0);
    expect(await outcomes(actor, 'a', 'b', 'child')).toEqual(['completed vone', 'completed v"b"', 'pending']);
    expect(await actor.store.get('a')).toMatchObject({ state: 'completed', result: Buffer.from('vone') });
    const listed = await actor.store.list('completed', 0, 10);
    expect(listed.map(({ id, result }) => `${id} ${result?.toString()}`).toSorted()).toEqual(['a vone', 'b v"b"']);
  });

  test('without results nothing is kept', async () => {
    const actor = open({ completed: { count: 10, ageMs: 60_000 } });
    await actor.add('a');
    await actor.claim('h');
    await actor.exchange('h', [done('a')], 0);
    expect(await outcomes(actor, 'a')).toEqual(['unknown']);
    expect((await actor.store.get('a'))?.result).toBeUndefined();
  });

  test('how far a job is can be seen while it is held, and is forgotten with its attempt', async () => {
    const actor = open();
    const report = (token: string, known: boolean, ...progress: readonly (readonly [string, string])[]) =>
      actor.store.exchange({ token, known, settlements: [], progress: new Map(progress), want: 0, wantSuspect: false });
    const seen = async (id: string) => (await actor.store.get(id))?.progress;
    await actor.add('a', 'b');
    await actor.claim('h', 1);
    await report('h', true, ['a', '0.5'], ['b', '0.5'], ['never', '0.5']);
    expect([await seen('a'), await seen('b')]).toEqual(['0.5', undefined]);
    expect((await actor.store.list('active', 0, 10))[0]?.progress).toBe('0.5');
    await report('h', true, ['a', '{"rows":10}']);
    expect(await seen('a')).toBe('{"rows":10}');
    await report('other', false, ['a', '1']);
    expect(await seen('a')).toBe('{"rows":10}');
    await actor.exchange('h', [{ verb: 'retry', id: 'a', delayMs: 0, record: '1 0 {}' }], 0);
    expect(await seen('a')).toBeUndefined();
    await actor.claim('h', 2);
    await report('h', true, ['a', '1']);
    await actor.ack('h', 'a', 'b');
    await actor.add('a');
    expect(await seen('a')).toBeUndefined();
  });
}

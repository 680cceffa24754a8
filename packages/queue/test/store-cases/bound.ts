import { expect, test } from 'vitest';
import type { Open, StoreHarness } from './actor.ts';

export function boundCases(open: Open, harness: () => StoreHarness): void {
  test('a full queue refuses a job and keeps no trace of it', async () => {
    const actor = open({ maxWaiting: 2 });
    expect(await actor.add('a', 'b', 'c')).toEqual(['created', 'created', 'full']);
    expect(await actor.state('c')).toBeUndefined();
    await actor.claim('h', 1);
    expect(await actor.add('c')).toEqual(['created']);
  });

  test('completed jobs are kept by count', async () => {
    const actor = open({ completed: { count: 2, ageMs: 60_000 } });
    for (const id of ['a', 'b', 'c']) {
      await actor.add(id);
      await actor.claim('h');
      await actor.ack('h', id);
      harness().advance(1);
    }
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('c')).toBe('completed');
    expect((await actor.store.counts()).completed).toBe(2);
  });

  test('completed jobs are kept by age', async () => {
    const actor = open({ completed: { count: 100, ageMs: 60_000 } });
    await actor.add('old');
    await actor.claim('h');
    await actor.ack('h', 'old');
    harness().advance(60_001);
    await actor.add('new');
    await actor.claim('h');
    await actor.ack('h', 'new');
    expect(await actor.state('old')).toBeUndefined();
    expect(await actor.state('new')).toBe('completed');
  });

  test('dead letters are bounded by count', async () => {
    const actor = open({ dead: { count: 1, ageMs: 60_000 } });
    for (const id of ['a', 'b']) {
      await actor.add(id);
      await actor.claim('h');
      await actor.exchange('h', [{ verb: 'dead', id, record: '1 0 {}' }], 0);
      harness().advance(1);
    }
    expect(await actor.state('a')).toBeUndefined();
    expect(await actor.state('b')).toBe('dead');
  });
}

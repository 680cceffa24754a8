import { expect, test } from 'vitest';
import { LEASE_MS, type Actor, type Open, type StoreHarness } from './actor.ts';

export function recoveryCases(open: Open, harness: () => StoreHarness): void {
  const lose = async (actor: Actor, token: string) => {
    const ids = await actor.claim(token);
    harness().advance(LEASE_MS + 1);
    return ids;
  };

  test('what an expired holder held comes back as suspects, one at a time and before the others', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await lose(actor, 'dead-one');
    await actor.add('c');
    const first = await actor.exchange('h', [], 10, true);
    expect(first.jobs.filter(({ suspect }) => suspect)).toHaveLength(1);
    expect(first.jobs.map(({ id }) => id)).toContain('c');
    const second = await actor.exchange('h', [], 10, false);
    expect(second.jobs).toEqual([]);
    expect((await actor.exchange('h', [], 10, true)).jobs).toHaveLength(1);
  });

  test('a first loss proves nothing; a job lost again and again as a suspect is dead-lettered as poison', async () => {
    const actor = open();
    await actor.add('poison');
    expect(await lose(actor, 'h1')).toEqual(['poison']);
    expect(await lose(actor, 'h2')).toEqual(['poison']);
    expect(await lose(actor, 'h3')).toEqual(['poison']);
    const reply = await actor.exchange('h4', [], 1);
    expect(reply.jobs).toEqual([]);
    expect(reply.poisoned).toBe(1);
    expect(await actor.state('poison')).toBe('dead');
  });

  test('jobs handed back unstarted return to the front and count nothing', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await actor.claim('h', 2);
    await actor.exchange(
      'h',
      [
        { verb: 'release', id: 'a', suspect: false },
        { verb: 'release', id: 'b', suspect: false },
      ],
      0,
    );
    const reply = await actor.exchange('other', [], 10);
    expect(reply.jobs.map(({ id }) => id).toSorted()).toEqual(['a', 'b', 'c']);
    expect(reply.jobs.at(-1)?.id).toBe('c');
    expect(reply.jobs.every(({ record }) => record === undefined)).toBe(true);
  });

  test('a claim of another holder recovers what expired, and says how much', async () => {
    const actor = open();
    await actor.add('a', 'b', 'c');
    await lose(actor, 'h');
    expect((await actor.exchange('other', [], 0)).recovered).toBe(3);
    expect((await actor.store.counts()).waiting).toBe(3);
  });
}

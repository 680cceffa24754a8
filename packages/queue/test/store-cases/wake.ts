import { expect, test } from 'vitest';
import { LEASE_MS, type Actor, type Open, type StoreHarness } from './actor.ts';

export function wakeCases(open: Open, harness: () => StoreHarness): void {
  const listen = async (actor: Actor) => {
    let woken = Promise.withResolvers<'woken'>();
    await actor.store.subscribe(() => woken.resolve('woken'));
    return async () => {
      const outcome = await woken.promise;
      woken = Promise.withResolvers();
      return outcome;
    };
  };

  test('a consumer that found nothing is woken by the next job, also by a delayed one', async () => {
    const actor = open();
    const woken = await listen(actor);
    await actor.exchange('h', [], 1);
    await actor.add('a');
    expect(await woken()).toBe('woken');
    await actor.claim('h');
    await actor.addDelayed('b', 1000);
    expect(await woken()).toBe('woken');
  });

  test('a consumer that found nothing is woken when another recovers or hands back jobs', async () => {
    const actor = open();
    await actor.add('a', 'b');
    await actor.claim('h1', 1);
    await actor.claim('h2', 5);
    const woken = await listen(actor);
    await actor.exchange('h2', [{ verb: 'release', id: 'b', suspect: false }], 0);
    expect(await woken()).toBe('woken');
    await actor.claim('h3', 5);
    harness().advance(LEASE_MS + 1);
    await actor.exchange('h4', [], 0);
    expect(await woken()).toBe('woken');
  });
}

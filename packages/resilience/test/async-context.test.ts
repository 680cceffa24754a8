import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { bulkhead, fixed, type Outcome, pipeline, type Policy, retry } from '@nines/resilience';
import { hedge } from '@nines/resilience/hedge';
import { adaptiveLimit } from '@nines/resilience/limit';
import { FakeClock } from '@nines/resilience/testing';
import { flush, never } from './calls.ts';

/** Such as the active span: what a call finds there must be its own, whoever woke it. */
const caller = new AsyncLocalStorage<string>();

/** Each caller's outcomes, while the time is advanced in the context of nobody. */
async function called(policy: Policy, work: (name: string | undefined, nth: number) => Promise<unknown>): Promise<Outcome<unknown>[]> {
  const clock = new FakeClock();
  const p = pipeline('p', [policy], { clock });
  const outcomes = ['a', 'b', 'c'].map((name) => {
    let nth = 0;
    return caller.run(name, () => p.executeOutcome(() => work(caller.getStore(), (nth += 1)), { idempotent: true }));
  });
  for (let step = 0; step < 10; step += 1) {
    await flush();
    await clock.advance(100);
  }
  return Promise.all(outcomes);
}

test('a retry after a wait runs in the async context of its call', async () => {
  const policy = retry({ maxAttempts: 2, backoff: fixed(100) });
  const outcomes = await called(policy, async (name, nth) => {
    if (nth === 1) throw new Error('once');
    return name;
  });
  expect(outcomes).toMatchObject(['a', 'b', 'c'].map((value) => ({ ok: true, value })));
});

test.each([
  ['bulkhead', bulkhead({ maxConcurrent: 1, maxQueue: 2 })],
  ['adaptiveLimit', adaptiveLimit({ initialLimit: 1, minLimit: 1, maxLimit: 1, maxQueue: 2 })],
])('a call that waited for a place in a %s runs in its own async context', async (_name, policy) => {
  const outcomes = await called(policy, async (name) => name);
  expect(outcomes).toMatchObject(['a', 'b', 'c'].map((value) => ({ ok: true, value })));
});

test('a hedge runs in the async context of its call', async () => {
  const outcomes = await called(hedge({ delay: 100, maxExtraLoadRatio: 1 }), (name, nth) => (nth === 1 ? never() : Promise.resolve(name)));
  expect(outcomes).toMatchObject(['a', 'b', 'c'].map((value) => ({ ok: true, value })));
});

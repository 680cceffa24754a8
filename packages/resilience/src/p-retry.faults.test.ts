import { makeRetriable, type Options } from 'p-retry';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { deadline, fixed, pipeline } from '@nines/resilience';
import { pRetry } from '@nines/resilience/p-retry';
import { FakeClock } from '@nines/resilience/testing';
import { errorOf, flush, never } from '../test/calls.ts';

const raw = <T>(run: () => T | Promise<T>, options: Options = {}): Promise<T> => makeRetriable(run, options)();
const now = { maxAttempts: 3, backoff: fixed(0) };

/** True when the promise has not settled after everything that can settle did. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  void promise.catch(() => {}).finally(() => (pending = false));
  await flush();
  return pending;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('p-retry raw → the policy', () => {
  test.each([
    ['a TypeError', new TypeError('wrapped network error')],
    ['a string', 'down'],
    ['undefined', undefined],
  ])('%s is never retried → it is', async (_name, thrown) => {
    let runs = 0;
    const run = (): never => {
      runs += 1;
      throw thrown;
    };
    await raw(run, { retries: 2, minTimeout: 0 }).catch(() => {});
    expect(runs).toBe(1);

    runs = 0;
    const outcome = await pipeline('p', [pRetry(now)]).executeOutcome(run);
    expect(runs).toBe(3);
    expect(errorOf(outcome)?.cause).toBe(thrown);
  });

  test('a cancelled fetch is retried unless the signal is passed → a cancellation never is', async () => {
    let runs = 0;
    const cancelled = (): never => {
      runs += 1;
      throw new DOMException('This operation was aborted', 'AbortError');
    };
    await raw(cancelled, { retries: 2, minTimeout: 0 }).catch(() => {});
    expect(runs).toBe(3);

    runs = 0;
    const outcome = await pipeline('p', [pRetry(now)]).executeOutcome(cancelled);
    expect([runs, outcome.kind]).toEqual([1, 'ignored']);
  });

  test('an attempt cannot be interrupted → the caller is free at once', async () => {
    const caller = new AbortController();
    const stuck = raw(never, { signal: caller.signal });
    caller.abort();
    expect(await isPending(stuck)).toBe(true);

    const leaver = new AbortController();
    const call = pipeline('p', [pRetry(now)]).executeOutcome(never, { signal: leaver.signal });
    leaver.abort();
    expect(await isPending(call)).toBe(false);
    expect(errorOf(await call)?.code).toBe('ABORTED');
  });

  test('maxRetryTime is overrun by a long attempt → a deadline is kept', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const work = Promise.withResolvers<string>();
    const late = raw(() => work.promise, { maxRetryTime: 100 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await isPending(late)).toBe(true);
    work.resolve('after 5 s');
    expect(await late).toBe('after 5 s');

    const clock = new FakeClock();
    const call = pipeline('p', [deadline({ totalMs: 100 }), pRetry(now)], { clock }).executeOutcome(never);
    await clock.advance(100);
    expect(errorOf(await call)?.code).toBe('DEADLINE_EXCEEDED');
  });

  test('by default 11 calls and 1,023 s of sleep without jitter → 3 calls, short, spread by chance', async () => {
    let runs = 0;
    const run = (): never => {
      runs += 1;
      throw new Error('down');
    };
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const started = performance.now();
    const call: Promise<number> = raw(run).catch(() => performance.now() - started);
    await vi.advanceTimersByTimeAsync(2_000_000);
    expect([runs, Math.round((await call) / 1_000)]).toEqual([11, 1_023]);

    runs = 0;
    const clock = new FakeClock();
    const delays: number[] = [];
    const p = pipeline('p', [pRetry()], { clock, random: () => 0.5 });
    p.subscribe((event) => {
      if (event.type === 'retry') delays.push(event.delayMs);
    });
    const ours = p.executeOutcome(run);
    await clock.advance(1_000);
    await ours;
    expect([runs, delays]).toEqual([3, [50, 100]]);
  });

  test('earlier errors are lost → every one is kept', async () => {
    let runs = 0;
    const run = (): never => {
      runs += 1;
      throw new Error(`error ${runs}`);
    };
    const lost = await raw(run, { retries: 2, minTimeout: 0 }).catch((error: unknown) => error);
    expect([(lost as Error).message, Object.getOwnPropertyNames(lost)]).toEqual(['error 3', ['stack', 'message']]);

    runs = 0;
    const error = errorOf(await pipeline('p', [pRetry(now)]).executeOutcome(run));
    expect(error).toMatchObject({
      code: 'RETRIES_EXHAUSTED',
      policy: 'p-retry',
      message: 'p: gave up after 3 of 3 attempts: no attempt is left',
    });
    expect(error?.attempts.map((attempt) => [attempt.attempt, attempt.kind, (attempt.error as Error).message])).toEqual([
      [1, 'transient', 'error 1'],
      [2, 'transient', 'error 2'],
      [3, 'transient', 'error 3'],
    ]);
  });
});

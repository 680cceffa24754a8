import { describe, expect, test } from 'vitest';
import { exponential, fixed, http, pipeline, type PipelineEvent, type Policy, timeout } from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import { errorOf } from './calls.ts';
import type { Engine } from './engines.ts';

const now = { maxAttempts: 3, backoff: fixed(0) };

/** What every retry policy does, whose loop it may be. */
export function retrySuite({ name, retry, breaker }: Engine): void {
  describe(`retry policy of ${name}`, () => {
    test('waits as the backoff says, by the clock', async () => {
      const clock = new FakeClock();
      const at: number[] = [];
      const backoff = exponential({ baseMs: 100, maxMs: 10_000, jitter: 'none' });
      const call = pipeline('p', [retry({ maxAttempts: 4, backoff })], { clock }).executeOutcome(() => {
        at.push(clock.now());
        throw new Error('down');
      });
      await clock.advance(10_000);
      await call;
      expect([at, clock.pending]).toEqual([[0, 100, 300, 700], 0]);
    });

    test('an abort ends the wait at once and leaves no timer', async () => {
      const clock = new FakeClock();
      const caller = new AbortController();
      let runs = 0;
      const call = pipeline('p', [retry({ backoff: fixed(5_000) })], { clock }).executeOutcome(
        () => {
          runs += 1;
          throw new Error('down');
        },
        { signal: caller.signal },
      );
      await clock.advance(1_000);
      caller.abort();
      const outcome = await call;
      expect([runs, outcome.kind, errorOf(outcome)?.code, outcome.attempts.length, clock.pending]).toEqual([1, 'ignored', 'ABORTED', 1, 0]);
    });

    test('retries a returned value that is transient, frees it, and gives back the last one', async () => {
      const cancelled: number[] = [];
      let runs = 0;
      const respond = (statuses: readonly number[]) => () => {
        const status = statuses[runs] ?? 0;
        runs += 1;
        const body = new ReadableStream({ cancel: () => void cancelled.push(status) });
        return new Response(body, { status });
      };
      const p = pipeline('p', [retry(now)], { classify: http() });
      expect((await p.execute(respond([503, 500, 200]))).status).toBe(200);
      expect(cancelled).toEqual([503, 500]);
      runs = 0;
      const outcome = await p.executeOutcome(respond([500, 502, 503]));
      expect(outcome).toMatchObject({ ok: true, kind: 'transient', value: { status: 503 } });
      expect(outcome.attempts).toHaveLength(3);
    });

    test('keeps a Retry-After that is short enough, and stops at a longer one', async () => {
      const clock = new FakeClock();
      const at: number[] = [];
      const p = pipeline('p', [retry({ maxAttempts: 2, backoff: fixed(10), retryAfter: { maxMs: 5_000 } })], { clock, classify: http() });
      const answer = (seconds: string) => () => {
        at.push(clock.now());
        return new Response('', { status: 429, headers: { 'retry-after': seconds } });
      };
      const short = p.executeOutcome(answer('3'));
      await clock.advance(10_000);
      expect((await short).kind).toBe('throttled');
      expect(at).toEqual([0, 3_000]);
      const long = await p.executeOutcome(answer('6'));
      expect([long.attempts.length, long.retryAfterMs]).toEqual([1, 6_000]);
    });

    test('tells on the error how long the dependency wants peace', async () => {
      const wish = pipeline('p', [retry({ maxAttempts: 2, backoff: fixed(0) })], {
        classify: () => ({ kind: 'throttled', retryAfterMs: 60_000 }),
      });
      const outcome = await wish.executeOutcome(() => Promise.reject(new Error('busy')));
      expect(errorOf(outcome)).toMatchObject({
        code: 'RETRIES_EXHAUSTED',
        retryAfterMs: 60_000,
        message: 'p: gave up after 1 of 2 attempts: the wait asked for is above retryAfter.maxMs',
      });
    });

    test.each(['failure', 'ignored'] as const)('does not retry what is %s; the error passes unchanged', async (kind) => {
      const error = new Error('no');
      const outcome = await pipeline('p', [retry(now)], { classify: () => kind }).executeOutcome(() => Promise.reject(error));
      expect(outcome).toMatchObject({ ok: false, kind, error });
      expect(outcome.attempts).toHaveLength(1);
    });

    test('allow may switch retries off, and one attempt alone passes its error unchanged', async () => {
      const error = new Error('down');
      const gated = await pipeline('p', [retry({ ...now, allow: () => false })]).executeOutcome(() => Promise.reject(error));
      expect(errorOf(gated)?.message).toBe('p: gave up after 1 of 3 attempts: allow() said no');
      await expect(pipeline('p', [retry({ maxAttempts: 1 })]).execute(() => Promise.reject(error))).rejects.toBe(error);
    });

    test('stops when the circuit opens between attempts, and tells of the attempts before', async () => {
      const error = errorOf(
        await pipeline('p', [retry({ maxAttempts: 5, backoff: fixed(0) }), breaker({ minimumCalls: 2 })]).executeOutcome(() =>
          Promise.reject(new Error('down')),
        ),
      );
      expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', attempts: [{ attempt: 1 }, { attempt: 2 }] });
      expect(error?.retryAfterMs).toBeGreaterThan(0);
    });

    test('calls at the same time do not mix', async () => {
      const clock = new FakeClock();
      const p = pipeline('p', [retry({ maxAttempts: 3, backoff: (attempt) => attempt * 10 }), timeout({ attemptMs: 50 })], { clock });
      const calls = Array.from({ length: 20 }, (_, i) =>
        p.execute((ctx) => {
          if (ctx.attempt <= i % 3) throw new Error('again');
          return `${i} in ${ctx.attempt}`;
        }),
      );
      await clock.advance(100);
      expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, i) => `${i} in ${(i % 3) + 1}`));
    });

    test('a backoff that gives nonsense cannot break the loop', async () => {
      const clock = new FakeClock();
      const delays: number[] = [];
      for (const ms of [Number.NaN, -5]) {
        const p = pipeline('p', [retry({ maxAttempts: 2, backoff: () => ms })], { clock });
        p.subscribe((event: PipelineEvent) => {
          if (event.type === 'retry') delays.push(event.delayMs);
        });
        const call = p.executeOutcome(() => Promise.reject(new Error('down')));
        await clock.advance(1);
        await call;
      }
      expect(delays).toEqual([0, 0]);
    });

    test('a policy from outside that rejects, though it must not, shows its own error and is not retried', async () => {
      let runs = 0;
      const error = new Error('broken policy');
      const broken: Policy = {
        name: 'mine',
        kind: 'custom',
        options: {},
        bind: () => ({
          run() {
            runs += 1;
            return Promise.reject(error);
          },
        }),
      };
      expect(await pipeline('p', [retry(now), broken]).executeOutcome(() => 1)).toMatchObject({ ok: false, error, kind: 'ignored' });
      expect(runs).toBe(1);
    });

    test('a call that is not idempotent is retried only when the dependency put it off', async () => {
      for (const [kind, runs] of [
        ['transient', 1],
        ['throttled', 3],
      ] as const) {
        const p = pipeline('p', [retry(now)], { classify: () => kind });
        const outcome = await p.executeOutcome(() => Promise.reject(new Error('down')), { idempotent: false });
        expect(outcome.attempts).toHaveLength(runs);
      }
    });

    test('a negative wish of the dependency forbids the retry, as pushback of gRPC does', async () => {
      const p = pipeline('p', [retry(now)], { classify: () => ({ kind: 'transient', retryAfterMs: -1 }) });
      const outcome = await p.executeOutcome(() => Promise.reject(new Error('no')));
      expect(errorOf(outcome)?.message).toBe('p: gave up after 1 of 3 attempts: it was forbidden');
    });
  });
}

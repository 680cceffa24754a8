import { describe, expect, test } from 'vitest';
import {
  type CallContext,
  deadline,
  isResilienceError,
  type Outcome,
  pipeline,
  type PipelineEvent,
  type Policy,
  ResilienceError,
  timeout,
} from '@nines/resilience';
import { FakeClock } from '@nines/resilience/testing';
import type { Engine } from './engines.ts';
import { flush } from './calls.ts';

const never = (): Promise<never> => new Promise(() => {});
const code = (outcome: Outcome<unknown>): string => (!outcome.ok && isResilienceError(outcome.error) ? outcome.error.code : 'no code');
const refused = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isResilienceError(error)) return `${error.code} ${error.message}`;
  }
  return 'nothing thrown';
};

/** What every pipeline does, whoever made its retry and its breaker. */
export function pipelineSuite({ name, retryName, breakerName, retry, breaker }: Engine): void {
  describe(`on ${name}`, () => {
    describe('pipeline', () => {
      test('gives back the value or throws the very error of the function, sync or async', async () => {
        const plain = pipeline('plain', []);
        const error = new Error('no');
        expect(await plain.execute(() => 1)).toBe(1);
        expect(await plain.execute(() => undefined)).toBe(undefined);
        expect(await plain.execute(async () => 2)).toBe(2);
        await expect(plain.execute(() => Promise.reject(error))).rejects.toBe(error);
        await expect(
          plain.execute(() => {
            throw error;
          }),
        ).rejects.toBe(error);
      });

      test('wrap passes the context and the arguments', async () => {
        const add = pipeline('add', []).wrap((ctx: CallContext, a: number, b: number) => `${ctx.pipeline} ${a + b}`);
        expect(await add(1, 2)).toBe('add 3');
      });

      test('refuses a wrong order, a second policy of a kind, and unknown options, with the reason', () => {
        const [d, r, b, t] = [deadline({ totalMs: 10 }), retry(), breaker(), timeout({ attemptMs: 5 })];
        expect(
          pipeline('right', [d, r, b, t])
            .describe()
            .policies.map((policy) => policy.name),
        ).toEqual(['deadline', retryName, breakerName, 'timeout']);
        expect(refused(() => pipeline('p', [t, r]))).toBe(
          `POLICY_ORDER pipeline p: ${retryName} must stand outside of timeout: every attempt must ask the breaker and have its own timeout`,
        );
        expect(refused(() => pipeline('p', [t, b]))).toBe(
          `POLICY_ORDER pipeline p: ${breakerName} must stand outside of timeout: it must see a timed-out attempt as a failure`,
        );
        expect(refused(() => pipeline('p', [r, d]))).toBe(
          `POLICY_ORDER pipeline p: deadline must stand outside of ${retryName}: it bounds all attempts and the waits between them`,
        );
        expect(refused(() => pipeline('p', [r, r]))).toBe('POLICY_ORDER pipeline p: one retry policy is enough');
        expect(refused(() => pipeline('p', [], { clocks: 1 } as never))).toBe(
          'INVALID_OPTION pipeline p: unknown option "clocks"; known are classify, clock, random, metrics, observer',
        );
        expect(refused(() => pipeline('', []))).toBe('INVALID_OPTION pipeline: name must be a string of 1 to 100 characters, got ""');
        expect(refused(() => pipeline('p', [{} as Policy]))).toBe(
          'INVALID_OPTION pipeline p: policies must be an array of policies, got an array',
        );
        expect(refused(() => timeout({ attemptMs: 0 }))).toBe(
          'INVALID_OPTION timeout: attemptMs must be a whole number from 1 to 2147483647, got 0',
        );
      });

      test('a signal is only made when it is read', async () => {
        let made = 0;
        const Original = globalThis.AbortController;
        globalThis.AbortController = class extends Original {
          constructor() {
            super();
            made += 1;
          }
        };
        try {
          const p = pipeline('lazy', [deadline({ totalMs: 1_000 }), retry(), timeout({ attemptMs: 100 })]);
          await p.execute(() => 1);
          expect(made).toBe(0);
          await p.execute((ctx) => ctx.signal.aborted);
          expect(made).toBe(1);
        } finally {
          globalThis.AbortController = Original;
        }
      });

      test('the caller ends the call at once, whatever the function does; it is ignored', async () => {
        const clock = new FakeClock();
        const caller = new AbortController();
        let seen: AbortSignal | undefined;
        const p = pipeline('left', [deadline({ totalMs: 1_000 }), retry(), breaker(), timeout({ attemptMs: 100 })], { clock });
        const call = p.executeOutcome(
          (ctx) => {
            seen = ctx.signal;
            return never();
          },
          { signal: caller.signal },
        );
        await flush();
        caller.abort(new Error('bye'));
        const outcome = await call;
        expect([outcome.kind, code(outcome), outcome.attempts.length]).toEqual(['ignored', 'ABORTED', 1]);
        expect(!outcome.ok && outcome.error).toMatchObject({ retryable: false, cause: { message: 'bye' } });
        expect(seen?.aborted).toBe(true);
        expect(clock.pending).toBe(0);
        expect(p.snapshot().inFlight).toBe(0);
      });

      test('a caller who left before is not served', async () => {
        let runs = 0;
        const outcome = await pipeline('late', []).executeOutcome(() => (runs += 1), { signal: AbortSignal.abort('gone') });
        expect([code(outcome), runs]).toEqual(['ABORTED', 0]);
      });

      test('an outcome that comes after the end is dropped and rejects nowhere', async () => {
        const clock = new FakeClock();
        const late = Promise.withResolvers<number>();
        const call = pipeline('late', [timeout({ attemptMs: 10 })], { clock }).executeOutcome(() => late.promise);
        await clock.advance(10);
        expect(code(await call)).toBe('TIMEOUT');
        late.reject(new Error('too late'));
        await flush();
        expect((await call).attempts).toHaveLength(1);
      });

      test('events tell of a call in order; a broken observer fails nothing and is counted', async () => {
        const events: PipelineEvent[] = [];
        const broken = {
          event: () => {
            throw new Error('observer');
          },
          attempt: (): never => {
            throw new Error('observer');
          },
        };
        const p = pipeline('seen', [retry({ maxAttempts: 2, backoff: () => 0 })], {
          observer: [broken, { event: (event) => void events.push(event) }],
        });
        let runs = 0;
        const value = await p.execute((ctx) => {
          runs += 1;
          if (ctx.attempt === 1) throw new Error('first');
          return 'ok';
        });
        expect([value, runs]).toEqual(['ok', 2]);
        expect(events.map((event) => ('kind' in event ? `${event.type} ${event.kind}` : event.type))).toEqual([
          'attempt transient',
          'retry transient',
          'attempt success',
          'call success',
        ]);
        expect(p.snapshot().observerErrors).toBe(6);
      });

      test('an observer may stop listening', async () => {
        let seen = 0;
        const p = pipeline('seen', []);
        const stop = p.subscribe(() => (seen += 1));
        await p.execute(() => 1);
        stop();
        await p.execute(() => 1);
        expect(seen).toBe(2);
      });

      test('a classifier that throws ends the call with its error, and nothing is retried', async () => {
        const broken = new Error('classifier');
        const p = pipeline('broken', [retry()], {
          classify: () => {
            throw broken;
          },
        });
        const outcome = await p.executeOutcome(() => 1);
        expect(outcome).toMatchObject({ ok: false, error: broken, kind: 'ignored' });
      });

      test('a policy from outside that rejects becomes an outcome', async () => {
        const broken: Policy = {
          name: 'mine',
          kind: 'custom',
          options: {},
          bind: () => ({ run: () => Promise.reject(new Error('policy')) }),
        };
        expect(await pipeline('p', [broken]).executeOutcome(() => 1)).toMatchObject({
          ok: false,
          kind: 'ignored',
          error: { message: 'policy' },
        });
      });
    });

    describe('timeout', () => {
      test('fails the attempt, aborts its signal with the reason and leaves no timer', async () => {
        const clock = new FakeClock();
        const p = pipeline('slow', [timeout({ attemptMs: 50 })], { clock });
        let signal: AbortSignal | undefined;
        const call = p.executeOutcome((ctx) => {
          signal = ctx.signal;
          return never();
        });
        await clock.advance(49);
        expect(signal?.aborted).toBe(false);
        await clock.advance(1);
        const outcome = await call;
        expect([outcome.kind, code(outcome), clock.pending]).toEqual(['transient', 'TIMEOUT', 0]);
        expect(!outcome.ok && outcome.error).toBe(signal?.reason);
        expect(!outcome.ok && outcome.error).toMatchObject({
          message: 'slow: attempt 1 took longer than 50 ms',
          policy: 'timeout',
          retryable: true,
        });
      });

      test('clears its timer when the function settles first', async () => {
        const clock = new FakeClock();
        const p = pipeline('quick', [timeout({ attemptMs: 50 })], { clock });
        await p.execute(() => 1);
        await p.executeOutcome(() => Promise.reject(new Error('no')));
        expect(clock.pending).toBe(0);
      });

      test('each attempt has its own time and its own signal', async () => {
        const clock = new FakeClock();
        const p = pipeline('own', [retry({ maxAttempts: 2, backoff: () => 5 }), timeout({ attemptMs: 50 })], { clock });
        const signals: AbortSignal[] = [];
        const call = p.execute((ctx) => {
          signals.push(ctx.signal);
          return ctx.attempt === 1 ? never() : 'second';
        });
        await clock.advance(55);
        expect(await call).toBe('second');
        expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
      });
    });

    describe('deadline', () => {
      test('bounds the call, tells what is left, and ends the wait between attempts', async () => {
        const clock = new FakeClock();
        const p = pipeline('bounded', [deadline({ totalMs: 100 }), retry({ maxAttempts: 5, backoff: () => 60 })], { clock });
        const left: number[] = [];
        const call = p.executeOutcome((ctx) => {
          left.push(ctx.remainingMs());
          throw new Error('down');
        });
        await clock.advance(60);
        const outcome = await call;
        expect(left).toEqual([100, 40]);
        expect(code(outcome)).toBe('RETRIES_EXHAUSTED');
        expect(!outcome.ok && outcome.error).toMatchObject({
          message: 'bounded: gave up after 2 of 5 attempts: the wait would end after the deadline',
        });
        expect(clock.pending).toBe(0);
      });

      test('ends a function that hangs', async () => {
        const clock = new FakeClock();
        const call = pipeline('hung', [deadline({ totalMs: 100 }), retry(), timeout({ attemptMs: 100 })], { clock }).executeOutcome(never);
        await clock.advance(100);
        const outcome = await call;
        expect([code(outcome), outcome.kind, outcome.attempts.length, clock.pending]).toEqual(['DEADLINE_EXCEEDED', 'transient', 1, 0]);
      });

      test('without one there is no end', async () => {
        expect(await pipeline('free', []).execute((ctx) => ctx.remainingMs())).toBe(Number.POSITIVE_INFINITY);
      });
    });

    describe('errors', () => {
      test('are recognised across copies by their brand', () => {
        const foreign = Object.assign(new Error('copy'), { [Symbol.for('@nines/resilience.error')]: true });
        expect([isResilienceError(foreign), isResilienceError(new Error('other')), isResilienceError(undefined)]).toEqual([
          true,
          false,
          false,
        ]);
        expect([foreign instanceof ResilienceError, new Error('other') instanceof ResilienceError]).toEqual([true, false]);
      });
    });
  });
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { bulkhead, deadline, exponential, fallback, pipeline, timeout } from '@nines/resilience';
import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';
import { FakeClock, seededRandom } from '@nines/resilience/testing';
import { engines } from './engines.ts';
import { unhandledRejections } from './unhandled.ts';
import { newSeed } from './calls.ts';

const unhandled = unhandledRejections();

test.each([engines.native, engines.both])(
  '100,000 calls of every kind end, leave nothing behind and reject nowhere, on $name',
  async ({ retry, breaker }) => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const clock = new FakeClock();
    const p = pipeline(
      'fuzz',
      [
        fallback(({ kind }) => {
          if (random() < 0.2) throw new Error('no fallback');
          return kind;
        }),
        deadline({ totalMs: 400 }),
        adaptiveThrottle({ windowMs: 5_000 }),
        bulkhead({ maxConcurrent: 200, maxQueue: 100, maxWaitMs: 100 }),
        rateLimit({ permitsPerSecond: 50_000 }),
        retry({ maxAttempts: 3, backoff: exponential({ baseMs: 5, maxMs: 50 }) }),
        breaker({ minimumCalls: 50, openMs: 50, probes: 2, probeTimeoutMs: 40, key: (ctx) => ctx.key, maxKeys: 5 }),
        timeout({ attemptMs: 60 }),
      ],
      { clock, random },
    );
    const late: (() => void)[] = [];
    /** What a function may do: answer, throw what is no error, hang for a while, answer after its abort, return what looks like a promise. */
    const act = (): unknown => {
      const dice = random();
      if (dice < 0.5) return dice;
      if (dice < 0.6) throw dice < 0.55 ? undefined : new TypeError('sync');
      if (dice < 0.7) return Promise.reject(dice < 0.65 ? new Error('down') : 'a string');
      if (dice < 0.75) return Promise.resolve(dice);
      // oxlint-disable-next-line unicorn/no-thenable -- a thenable that settles twice is what is tried
      if (dice < 0.78) return { then: (ok: (value: unknown) => void, no: (error: unknown) => void) => (ok(1), no(2), ok(3)) };
      return new Promise((resolve, reject) => late.push(() => (random() < 0.5 ? resolve('late') : reject(new Error('late')))));
    };
    const ended: Record<string, number> = {};
    for (let batch = 0; batch < 200; batch++) {
      const callers = Array.from({ length: 500 }, () => (random() < 0.1 ? new AbortController() : undefined));
      const calls = callers.map((caller) =>
        p.executeOutcome(act, { key: `k${Math.floor(random() * 8)}`, ...(caller && { signal: caller.signal }) }),
      );
      await clock.advance(Math.floor(random() * 50));
      for (const caller of callers) if (random() < 0.5) caller?.abort();
      for (const run of late.splice(0, Math.floor(late.length * random()))) run();
      await clock.advance(500);
      for (const outcome of await Promise.all(calls)) ended[outcome.kind] = (ended[outcome.kind] ?? 0) + 1;
      for (const run of late.splice(0)) run();
      await clock.advance(0);
    }
    const limiter = p.snapshot().policies.find((policy) => policy.limiter !== undefined)?.limiter;
    expect({ seed, inFlight: p.snapshot().inFlight, limiter, pending: clock.pending, unhandled: await unhandled() }).toEqual({
      seed,
      inFlight: 0,
      limiter: { limit: 200, inFlight: 0, queued: 0 },
      pending: 0,
      unhandled: [],
    });
    expect(Object.values(ended).reduce((sum, count) => sum + count, 0)).toBe(100_000);
    for (const kind of ['success', 'transient', 'rejected', 'ignored']) expect([kind, (ended[kind] ?? 0) > 100]).toEqual([kind, true]);
  },
);

/** What a program prints that runs in a process of its own. It ends by itself, or the test fails. */
async function output(program: string): Promise<string> {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const options = ['--conditions=@nines/source', '--input-type=module-typescript', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: folder, timeout: 30_000 });
  return stdout;
}

const IMPORTS = `
  import CircuitBreaker from 'opossum';
  import pRetryPlain from 'p-retry';
  import { bulkhead, circuitBreaker, deadline, pipeline, retry, timeout } from '@nines/resilience';
  import { instrument, opossum } from '@nines/resilience/opossum';
  import { instrument as instrumentRetry, pRetry } from '@nines/resilience/p-retry';
  const stacks = [[retry, circuitBreaker], [retry, opossum], [pRetry, circuitBreaker], [pRetry, opossum]].map(([again, breaker]) =>
    [deadline({ totalMs: 3_600_000 }), bulkhead({ maxConcurrent: 2 }), again(), breaker(), timeout({ attemptMs: 600_000 })]);
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;`;

test('a process that only made pipelines, on every engine, has no timer and exits by itself', async () => {
  const program = `${IMPORTS}
    for (const [i, stack] of stacks.entries()) pipeline('idle-' + i, stack);
    console.log(timers());`;
  expect(await output(program)).toBe('0\n');
});

test('a process that called them exits by itself, and so does one that instrumented a breaker and p-retry', async () => {
  const program = `${IMPORTS}
    for (const stack of stacks) console.log(await pipeline('p', stack).execute(() => 'done'));
    const breaker = new CircuitBreaker(async () => 'fired');
    instrument(breaker, { observer: {} });
    console.log(await breaker.fire());
    console.log(await instrumentRetry(pRetryPlain, { name: 'p', observer: {} })(() => 'tried'));`;
  expect(await output(program)).toBe(`${'done\n'.repeat(4)}fired\ntried\n`);
});

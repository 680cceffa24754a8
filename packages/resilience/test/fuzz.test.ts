import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bulkhead, circuitBreaker, deadline, exponential, fallback, pipeline, retry, timeout } from '@nines/resilience';
import { adaptiveThrottle, rateLimit } from '@nines/resilience/throttle';
import { FakeClock } from './fake-clock.ts';
import { newSeed, seeded } from './random.ts';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

test('100,000 calls of every kind end, leave nothing behind and reject nowhere', async () => {
  const seed = newSeed();
  const random = seeded(seed);
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
      circuitBreaker({ minimumCalls: 50, open: exponential({ baseMs: 20, maxMs: 200 }), key: (ctx) => ctx.key, maxKeys: 5 }),
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
  expect({ seed, inFlight: p.snapshot().inFlight, limiter, pending: clock.pending, unhandled }).toEqual({
    seed,
    inFlight: 0,
    limiter: { limit: 200, inFlight: 0, queued: 0 },
    pending: 0,
    unhandled: [],
  });
  expect(Object.values(ended).reduce((sum, count) => sum + count, 0)).toBe(100_000);
  for (const kind of ['success', 'transient', 'rejected', 'ignored']) expect([kind, (ended[kind] ?? 0) > 100]).toEqual([kind, true]);
});

test('a process that made pipelines and called them exits by itself', async () => {
  const program = `
    import { bulkhead, circuitBreaker, deadline, pipeline, retry, timeout } from '@nines/resilience';
    const policies = [deadline({ totalMs: 3_600_000 }), bulkhead({ maxConcurrent: 2 }), retry(), circuitBreaker(), timeout({ attemptMs: 600_000 })];
    const p = pipeline('p', policies);
    pipeline('idle', policies);
    console.log(await p.execute(() => 'done'));`;
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const options = ['--conditions=@nines/source', '--input-type=module-typescript', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: folder, timeout: 30_000 });
  expect(stdout).toBe('done\n');
});

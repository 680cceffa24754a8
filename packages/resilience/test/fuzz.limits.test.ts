import { expect, test } from 'vitest';
import {
  CRITICALITIES,
  circuitBreaker,
  deadline,
  exponential,
  type ExecuteOptions,
  pipeline,
  type Policy,
  retry,
  timeout,
} from '@nines/resilience';
import { hedge, quantile } from '@nines/resilience/hedge';
import { adaptiveLimit, loadShedding } from '@nines/resilience/limit';
import { FakeClock, seededRandom } from '@nines/resilience/testing';
import { newSeed } from './calls.ts';
import { unhandledRejections } from './unhandled.ts';

const unhandled = unhandledRejections();

test.each<[string, Policy]>([
  ['loadShedding', loadShedding({ maxConcurrent: 60, maxQueue: 40, maxWaitMs: 80 })],
  ['gradient', adaptiveLimit({ maxLimit: 80, maxQueue: 40, maxWaitMs: 80, shedFrom: {} })],
  ['aimd', adaptiveLimit({ algorithm: 'aimd', maxLimit: 80, maxQueue: 40, maxWaitMs: 80 })],
])('15,000 hedged calls of every kind through %s end, leave nothing behind and reject nowhere', async (_name, limit) => {
  const seed = newSeed();
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const kinds = new Set<string>();
  let running = 0;
  const policies = [
    deadline({ totalMs: 400 }),
    limit,
    retry({ maxAttempts: 3, backoff: exponential({ baseMs: 5, maxMs: 50 }) }),
    hedge({ delay: random() < 0.5 ? 5 : quantile(0.9, { minimumCalls: 10 }), maxHedges: 3, maxExtraLoadRatio: 0.5 }),
    circuitBreaker({ minimumCalls: 50, open: exponential({ baseMs: 20, maxMs: 200 }) }),
    timeout({ attemptMs: 60 }),
  ];
  const p = pipeline('fuzz', policies, { clock, random });
  p.subscribe((event) => {
    if (event.type === 'attempt') kinds.add(`${event.info.kind} ${event.kind}`);
  });
  const late: (() => void)[] = [];
  const act = (): unknown => {
    const dice = random();
    if (dice < 0.4) return dice;
    if (dice < 0.45) throw dice < 0.42 ? undefined : new TypeError('sync');
    if (dice < 0.5) return Promise.reject(dice < 0.47 ? new Error('down') : 'a string');
    running += 1;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        running -= 1;
        if (random() < 0.8) resolve('late');
        else reject(new Error('late'));
      };
      if (dice < 0.95) clock.schedule(end, 100 * random());
      else late.push(end);
    });
  };
  const options = (signal: AbortSignal | undefined): ExecuteOptions => ({
    signal,
    idempotent: random() < 0.7,
    criticality: CRITICALITIES[Math.floor(4 * random())],
  });
  let ended = 0;
  for (let batch = 0; batch < 100; batch++) {
    const callers = Array.from({ length: 150 }, () => (random() < 0.1 ? new AbortController() : undefined));
    const calls = callers.map((caller) => p.executeOutcome(act, options(caller?.signal)));
    await clock.advance(Math.floor(50 * random()));
    for (const caller of callers) if (random() < 0.5) caller?.abort();
    for (const run of late.splice(0, Math.floor(late.length * random()))) run();
    await clock.advance(500);
    ended += (await Promise.all(calls)).length;
    for (const run of late.splice(0)) run();
    await clock.advance(0);
  }
  await clock.advance(1_000);
  const limiter = p.snapshot().policies[1]?.limiter;
  expect({ seed, ended, running, inFlight: p.snapshot().inFlight, limiter, pending: clock.pending, unhandled: await unhandled() }).toEqual({
    seed,
    ended: 15_000,
    running: 0,
    inFlight: 0,
    limiter: { limit: expect.any(Number) as number, inFlight: 0, queued: 0 },
    pending: 0,
    unhandled: [],
  });
  for (const kind of ['first success', 'first ignored', 'hedge success', 'hedge ignored', 'retry success']) {
    expect([...kinds], `seed ${seed}`).toContain(kind);
  }
});

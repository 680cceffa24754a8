import { describe, expect, test } from 'vitest';
import { deadline, fixed, pipeline, type PipelineEvent, type Policy, timeout } from '@nines/resilience';
import { behaviour, chaos, type ChaosOptions, fault, latency, outcome } from '@nines/resilience/chaos';
import { opossum } from '@nines/resilience/opossum';
import { pRetry } from '@nines/resilience/p-retry';
import { FakeClock, seededRandom } from '@nines/resilience/testing';

const reset = (rate: number) => fault({ rate, error: () => new Error('reset') });
const always = (options: Omit<ChaosOptions, 'enabled'>): Policy => chaos({ enabled: true, ...options });
const run = (policy: Policy, options = {}) => pipeline('p', [policy]).executeOutcome(() => 'real', options);

/** Which of so many calls were struck. */
async function struck(policy: Policy, calls: number, random: () => number = Math.random): Promise<boolean[]> {
  const p = pipeline('p', [policy], { random });
  const seen: boolean[] = [];
  for (let i = 0; i < calls; i++) seen.push(!(await p.executeOutcome(() => 1)).ok);
  return seen;
}

describe('chaos', () => {
  test('does nothing unless it is enabled, and asks a switch at each attempt', async () => {
    let on = false;
    const off = chaos({ faults: [reset(1)] });
    const switched = chaos({ enabled: () => on, faults: [reset(1)] });
    expect([(await run(off)).ok, (await run(switched)).ok]).toEqual([true, true]);
    on = true;
    expect((await run(switched)).ok).toBe(false);
  });

  test.each([
    ['allow says no', () => false],
    [
      'allow throws',
      () => {
        throw new Error('no budget');
      },
    ],
  ])('strikes nobody when %s', async (_name, allow) => {
    expect((await run(always({ faults: [reset(1)], allow }))).ok).toBe(true);
  });

  test('a switch that throws is off', async () => {
    const enabled = (): boolean => {
      throw new Error('switch');
    };
    expect((await run(chaos({ enabled, faults: [reset(1)] }))).ok).toBe(true);
  });

  test('strikes the share asked for, the same calls for the same seed', async () => {
    const policy = always({ faults: [reset(0.2)], seed: 11 });
    const [a, b] = [await struck(policy, 2_000), await struck(policy, 2_000)];
    expect(a).toEqual(b);
    expect(Math.abs(a.filter(Boolean).length - 400)).toBeLessThan(60);
    expect(await struck(always({ faults: [reset(0.2)], seed: 12 }), 2_000)).not.toEqual(a);
  });

  test('without a seed it draws from the random of the pipeline', async () => {
    const policy = always({ faults: [reset(0.5)] });
    expect(await struck(policy, 100, seededRandom(3))).toEqual(await struck(policy, 100, seededRandom(3)));
  });

  test('what one fault does never changes whom the next strikes', async () => {
    const hit = (first: number): Promise<boolean[]> =>
      struck(always({ faults: [outcome({ rate: first, value: () => 0, kind: 'success' }), reset(0.5)], seed: 5 }), 200);
    const [without, half] = [await hit(0), await hit(0.5)];
    expect(half.filter((one, i) => one && without[i] !== true)).toEqual([]);
    expect(half.filter(Boolean).length).toBeGreaterThan(20);
  });

  test('is scoped by key, for the policy and for one fault', async () => {
    const policy = always({ faults: [fault({ rate: 1, error: () => 'x', key: (key) => key === 'a' })], key: (key) => key !== 'b' });
    const ok = async (key?: string): Promise<boolean> => (await run(policy, { key })).ok;
    expect([await ok('a'), await ok('b'), await ok('c'), await ok()]).toEqual([false, true, true, true]);
  });

  test('is scoped by criticality', async () => {
    const policy = always({ faults: [reset(1)], criticality: ['sheddable', 'sheddable+'] });
    const ok = async (options?: object): Promise<boolean> => (await run(policy, options)).ok;
    expect([await ok({ criticality: 'sheddable' }), await ok({ criticality: 'critical' }), await ok()]).toEqual([false, true, true]);
  });

  test('a struck attempt looks as if the dependency had failed: retried, told, counted by a breaker', async () => {
    const events: PipelineEvent[] = [];
    const policies = [pRetry({ maxAttempts: 3, backoff: fixed(0) }), opossum({ minimumCalls: 3 }), always({ faults: [reset(1)] })];
    const p = pipeline('p', policies, { observer: { event: (event) => void events.push(event) } });
    const result = await p.executeOutcome(() => 'real', { key: 'k' });
    expect(result).toMatchObject({ ok: false, kind: 'transient', error: { code: 'RETRIES_EXHAUSTED', cause: new Error('reset') } });
    expect(events.filter(({ type }) => type === 'attempt').map((event) => 'info' in event && event.info.kind)).toEqual([
      'first',
      'retry',
      'retry',
    ]);
    expect(p.snapshot().policies).toMatchObject([{}, { breakers: { open: 1 } }, { name: 'chaos', injected: { fault: 3, latency: 0 } }]);
    expect(events.filter(({ type }) => type === 'injection')).toEqual(
      [1, 2, 3].map((attempt) => ({ type: 'injection', pipeline: 'p', policy: 'chaos', kind: 'fault', key: 'k', attempt })),
    );
    expect(result.attempts.map(({ attempt, kind }) => `${attempt} ${kind}`)).toEqual(['1 transient', '2 transient', '3 transient']);
  });

  test('a struck attempt is listed in its own outcome, and in that of no other call', async () => {
    const p = pipeline('p', [always({ faults: [reset(1)] })]);
    const lists = [await p.executeOutcome(() => 1), await p.executeOutcome(() => 1)].map(({ attempts }) => attempts);
    expect(lists).toMatchObject([1, 2].map(() => [{ attempt: 1, kind: 'transient', error: new Error('reset') }]));
    expect((await pipeline('q', []).executeOutcome(() => 1)).attempts).toHaveLength(1);
  });

  test('stands innermost, once: it must be what a timeout can end', () => {
    const [shaken, bounded] = [always({ faults: [reset(1)] }), timeout({ attemptMs: 10 })];
    expect(() => pipeline('p', [shaken, bounded])).toThrow('timeout must stand outside of chaos: it must end what chaos makes slow');
    expect(() => pipeline('p', [bounded, shaken, shaken])).toThrow('one chaos policy is enough');
    expect(
      pipeline('p', [bounded, shaken])
        .describe()
        .policies.map(({ kind }) => kind),
    ).toEqual(['timeout', 'chaos']);
  });

  test('one fault is scoped by criticality too', async () => {
    const policy = always({ faults: [fault({ rate: 1, error: () => 'x', criticality: ['sheddable'] })] });
    const ok = async (criticality?: 'sheddable' | 'critical'): Promise<boolean> => (await run(policy, { criticality })).ok;
    expect([await ok('sheddable'), await ok('critical'), await ok()]).toEqual([false, true, true]);
    expect(() => fault({ rate: 1, error: () => 'x', criticality: [] })).toThrow('fault: criticality must be an array of critical+');
  });

  test('switched off, it is not in the way: a value that is there at once is there at once', async () => {
    let ended = 0;
    const p = pipeline('p', [chaos({ faults: [reset(1)] })]);
    p.subscribe(({ type }) => void (ended += type === 'call' ? 1 : 0));
    const call = p.execute(() => 1);
    expect(ended).toBe(1);
    await call;
  });

  test.each([{ enabled: 'yes' }, { faults: [] }, { faults: ['x'] }, { seed: -1 }, { allow: true }, { criticality: ['high'] }, { rate: 1 }])(
    'refuses %j',
    (wrong) => {
      expect(() => chaos({ faults: [reset(1)], ...wrong } as ChaosOptions)).toThrow(/^chaos: /);
    },
  );
});

describe('latency', () => {
  test('waits before the function runs, with jitter, and leaves no timer', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [always({ faults: [latency({ rate: 1, ms: 100, jitterMs: 50 })] })], { clock, random: () => 0.5 });
    const result = p.execute(() => clock.now());
    await clock.advance(1_000);
    expect(await result).toBe(125);
    expect(clock.pending).toBe(0);
  });

  test('is cut by a timeout, which is transient as on a slow dependency, and by a deadline', async () => {
    const clock = new FakeClock();
    let ran = 0;
    const slow = always({ faults: [latency({ rate: 1, ms: 60_000 })] });
    const timed = pipeline('p', [timeout({ attemptMs: 100 }), slow], { clock }).executeOutcome(() => (ran += 1));
    const bounded = pipeline('p', [deadline({ totalMs: 100 }), slow], { clock }).executeOutcome(() => (ran += 1));
    await clock.advance(100);
    expect(await timed).toMatchObject({ kind: 'transient', error: { code: 'TIMEOUT' }, attempts: [{ durationMs: 100 }] });
    expect(await bounded).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
    expect([ran, clock.pending]).toEqual([0, 0]);
  });

  test('ends at once when the caller leaves', async () => {
    const clock = new FakeClock();
    const leave = new AbortController();
    const p = pipeline('p', [always({ faults: [latency({ rate: 1, ms: 60_000 })] })], { clock });
    const result = p.executeOutcome(() => 1, { signal: leave.signal });
    await clock.scheduled();
    leave.abort();
    expect(await result).toMatchObject({ kind: 'ignored', error: { code: 'ABORTED' } });
    expect(clock.pending).toBe(0);
  });

  test('adds to a fault that follows', async () => {
    const clock = new FakeClock();
    const p = pipeline('p', [always({ faults: [latency({ rate: 1, ms: 70 }), reset(1)] })], { clock });
    const result = p.executeOutcome(() => 1);
    await clock.advance(70);
    expect(await result).toMatchObject({ ok: false, attempts: [{ durationMs: 70 }] });
  });

  test.each([{ ms: 0 }, { jitterMs: -1 }, { rate: 1.1 }, { rate: Number.NaN }, { key: 'a' }])('refuses %j', (wrong) => {
    expect(() => latency({ rate: 1, ms: 1, ...wrong } as Parameters<typeof latency>[0])).toThrow(/^latency: /);
  });
});

describe('outcome and behaviour', () => {
  test('an outcome stands for the value, judged as told', async () => {
    const faults = [outcome({ rate: 1, value: () => 503, kind: 'transient', retryAfterMs: 20 })];
    expect(await run(always({ faults }))).toMatchObject({ ok: true, value: 503, kind: 'transient', retryAfterMs: 20 });
  });

  test('a behaviour is waited for, then the function runs', async () => {
    const seen: string[] = [];
    const faults = [behaviour({ rate: 1, run: async (ctx) => void seen.push(`attempt ${ctx.attempt}`) })];
    await pipeline('p', [always({ faults })]).execute(() => seen.push('real'));
    expect(seen).toEqual(['attempt 1', 'real']);
  });

  test.each([
    [
      'throws',
      () => {
        throw 'odd';
      },
    ],
    ['rejects', () => Promise.reject('odd')],
  ])('a behaviour that %s is the error of the attempt', async (_name, wrong) => {
    expect(await run(always({ faults: [behaviour({ rate: 1, run: wrong })] }))).toMatchObject({
      ok: false,
      error: 'odd',
      kind: 'transient',
    });
  });

  test('a behaviour that never ends is left by a timeout', async () => {
    const clock = new FakeClock();
    const hang = always({ faults: [behaviour({ rate: 1, run: () => new Promise(() => {}) })] });
    const result = pipeline('p', [timeout({ attemptMs: 50 }), hang], { clock }).executeOutcome(() => 1);
    await clock.advance(50);
    expect(await result).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});

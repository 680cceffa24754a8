import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createHealth } from './health.ts';

describe('health', () => {
  test('without checks it is ready, started and live', () => {
    const health = createHealth();
    expect([health.live().status, health.ready().status, health.startup().status]).toEqual([200, 200, 200]);
  });

  test('a check runs in the background and its last result is served', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    let good = false;
    let runs = 0;
    const changes: unknown[] = [];
    health.onChange(({ name, state }) => changes.push([name, state]));
    health.check(
      'redis',
      () => {
        runs += 1;
        if (!good) throw new Error('refused by 10.0.0.7 with password hunter2');
      },
      { intervalMs: 1000 },
    );
    expect(health.ready()).toEqual({ status: 503, body: { status: 'not ready', checks: { redis: 'unknown' } } });
    await clock.advance(0);
    expect(health.ready()).toEqual({ status: 503, body: { status: 'not ready', checks: { redis: 'down' } } });
    expect(health.startup().status).toBe(503);
    good = true;
    await clock.advance(1000);
    expect([health.ready().status, health.startup().status]).toEqual([200, 200]);
    good = false;
    await clock.advance(1000);
    expect([health.ready().status, health.startup().status, health.live().status]).toEqual([503, 200, 200]);
    for (let probe = 0; probe < 100; probe += 1) health.ready();
    expect(runs).toBe(3);
    expect(changes).toEqual([
      ['redis', 'down'],
      ['redis', 'up'],
      ['redis', 'down'],
    ]);
  });

  test('what all instances share keeps none of them unready once it has passed, and is told all the same', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    let good = false;
    const changes: unknown[] = [];
    health.onChange(({ state }) => changes.push(state));
    health.check('redis', () => (good ? undefined : Promise.reject(new Error('no'))), { intervalMs: 1000, readiness: false });
    await clock.advance(0);
    expect([health.startup().status, health.ready()]).toEqual([
      503,
      { status: 503, body: { status: 'not ready', checks: { redis: 'down' } } },
    ]);
    good = true;
    await clock.advance(1000);
    good = false;
    await clock.advance(1000);
    expect(health.ready()).toEqual({ status: 200, body: { status: 'ready', checks: { redis: 'down' } } });
    expect(changes).toEqual(['down', 'up', 'down']);
    health.shuttingDown();
    expect(health.ready().status).toBe(503);
  });

  test('a check with a threshold goes down at the third failure in a row and up at the first success', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    let good = true;
    const check = () => (good ? undefined : Promise.reject(new Error('no')));
    health.check('redis', check, { intervalMs: 1000, failureThreshold: 3 });
    const states: unknown[] = [];
    for (const next of [false, false, true, false, false, false, true, true]) {
      await clock.advance(0);
      states.push(health.ready().status);
      good = next;
      await clock.advance(1000);
    }
    expect(states).toEqual([200, 200, 200, 200, 200, 200, 503, 200]);
  });

  test('a check that never passed is down at once, whatever its threshold', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    health.check('redis', () => Promise.reject(new Error('no')), { failureThreshold: 3 });
    await clock.advance(0);
    expect(health.ready().body.checks).toEqual({ redis: 'down' });
  });

  test('a result that is too old is not believed', async () => {
    const timers = fakeClock();
    let stoodStillMs = 0;
    const clock = { ...timers, now: () => timers.now() + stoodStillMs };
    const health = createHealth({ clock });
    health.check('redis', () => undefined, { intervalMs: 1000, timeoutMs: 100, maxStalenessMs: 2000 });
    await timers.advance(0);
    expect(health.ready().status).toBe(200);
    stoodStillMs = 2001;
    expect(health.ready()).toEqual({ status: 503, body: { status: 'not ready', checks: { redis: 'stale' } } });
    await timers.advance(1000);
    expect(health.ready().status).toBe(200);
  });

  test('a hung check is down after its timeout, its signal aborts, and it recovers', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    const signals: AbortSignal[] = [];
    let hang = true;
    const check = (signal: AbortSignal) => {
      signals.push(signal);
      return hang ? new Promise(() => undefined) : undefined;
    };
    health.check('queue', check, { intervalMs: 1000, timeoutMs: 50 });
    await clock.advance(49);
    expect([health.ready().body.checks, signals[0]?.aborted]).toEqual([{ queue: 'unknown' }, false]);
    await clock.advance(1);
    expect([health.ready().body.checks, signals[0]?.aborted]).toEqual([{ queue: 'down' }, true]);
    hang = false;
    await clock.advance(1000);
    expect(health.ready().status).toBe(200);
  });

  test('runs that never end are bounded', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    let runs = 0;
    const check = () => {
      runs += 1;
      return new Promise(() => undefined);
    };
    health.check('queue', check, { intervalMs: 100, timeoutMs: 50 });
    await clock.advance(10_000);
    expect(runs).toBe(5);
    expect(health.ready().body.checks).toEqual({ queue: 'down' });
    health.stop();
    expect(clock.waiting()).toBe(0);
  });

  test('while shutting down it is not ready but alive', () => {
    const health = createHealth();
    health.shuttingDown();
    expect([health.ready().status, health.ready().body.status, health.live().status]).toEqual([503, 'shutting down', 200]);
  });

  test('a removed check no longer counts', async () => {
    const clock = fakeClock();
    const health = createHealth({ clock });
    const remove = health.check('gone', () => Promise.reject(new Error('no')));
    await clock.advance(0);
    expect(health.ready().status).toBe(503);
    remove();
    expect([health.ready().status, clock.waiting()]).toEqual([200, 0]);
  });

  test('wrong options are refused', () => {
    const health = createHealth({ clock: fakeClock() });
    health.check('one', () => undefined);
    expect(() => health.check('one', () => undefined)).toThrow('name must be new, got "one" again');
    expect(() => health.check('two', () => undefined, { intervalMs: 1 })).toThrow(
      'intervalMs must be a whole number from 10 to 3600000, got 1',
    );
    expect(() => health.check('two', 'fn' as never)).toThrow('fn must be a function, got "fn"');
    expect(health.ready().body.checks).toEqual({ one: 'unknown' });
  });
});

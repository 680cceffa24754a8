import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { createLifecycle } from './lifecycle.ts';
import { shutdownPhases } from './phases.ts';

const never = () => new Promise(() => undefined);

describe('lifecycle', () => {
  test('phases run in order, the steps of one phase together, whatever the order of registration', async () => {
    const lifecycle = createLifecycle({ clock: fakeClock() });
    const seen: string[] = [];
    for (const phase of shutdownPhases.toReversed()) {
      for (const name of ['a', 'b']) {
        lifecycle.onShutdown(phase, name, async () => {
          seen.push(`${phase} ${name} starts`);
          await Promise.resolve();
          seen.push(`${phase} ${name} ends`);
        });
      }
    }
    expect(lifecycle.state()).toBe('running');
    const report = await lifecycle.shutdown('test');
    const expected = shutdownPhases.flatMap((phase) => [`${phase} a starts`, `${phase} b starts`, `${phase} a ends`, `${phase} b ends`]);
    expect(seen).toEqual(expected);
    expect([report.clean, report.reason, report.steps.length, lifecycle.state()]).toEqual([true, 'test', 12, 'stopped']);
  });

  test('a second call gets the same report and runs nothing again', async () => {
    const lifecycle = createLifecycle({ clock: fakeClock() });
    let runs = 0;
    lifecycle.onShutdown('close', 'once', () => (runs += 1));
    const [first, second] = await Promise.all([lifecycle.shutdown('a'), lifecycle.shutdown('b')]);
    expect(second).toBe(first);
    expect([runs, first.reason]).toEqual([1, 'a']);
  });

  test('a failing and a hanging step stop nothing; flush keeps its reserve', async () => {
    const clock = fakeClock();
    const lifecycle = createLifecycle({ clock, deadlineMs: 10_000, flushReserveMs: 2000 });
    const signals: AbortSignal[] = [];
    let flushRemainingMs = 0;
    lifecycle.onShutdown('unready', 'broken', () => {
      throw new Error('broken');
    });
    lifecycle.onShutdown('drain', 'hung', ({ signal }) => {
      signals.push(signal);
      return never();
    });
    lifecycle.onShutdown('close', 'too late', never);
    lifecycle.onShutdown('flush', 'traces', ({ remainingMs }) => {
      flushRemainingMs = remainingMs;
    });
    const done = lifecycle.shutdown();
    await clock.advance(7999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(1);
    expect(signals[0]?.aborted).toBe(true);
    const report = await done;
    expect(report.steps.map(({ phase, name, outcome }) => [phase, name, outcome])).toEqual([
      ['unready', 'broken', 'failed'],
      ['drain', 'hung', 'late'],
      ['close', 'too late', 'late'],
      ['flush', 'traces', 'done'],
    ]);
    expect([report.clean, report.durationMs, flushRemainingMs, clock.waiting()]).toEqual([false, 8000, 2000, 0]);
  });

  test('an observer that throws stops nothing', async () => {
    const onStep = () => {
      throw new Error('observer');
    };
    const lifecycle = createLifecycle({ clock: fakeClock(), onStep });
    lifecycle.onShutdown('close', 'db', () => undefined);
    expect((await lifecycle.shutdown()).clean).toBe(true);
  });

  test('the drain delay passes between unready and stop-accepting', async () => {
    const clock = fakeClock();
    const lifecycle = createLifecycle({ clock, drainDelayMs: 5000 });
    const at: [string, number][] = [];
    for (const phase of ['unready', 'stop-accepting'] as const) lifecycle.onShutdown(phase, phase, () => at.push([phase, clock.now()]));
    const done = lifecycle.shutdown();
    await clock.advance(5000);
    await done;
    expect(at).toEqual([
      ['unready', 0],
      ['stop-accepting', 5000],
    ]);
  });

  test('a removed step does not run and two steps may share a name', async () => {
    const lifecycle = createLifecycle({ clock: fakeClock() });
    const seen: string[] = [];
    lifecycle.onShutdown('close', 'db', () => seen.push('first'));
    lifecycle.onShutdown('close', 'db', () => seen.push('second'));
    lifecycle.onShutdown('close', 'db', () => seen.push('third'))();
    const report = await lifecycle.shutdown();
    expect(seen).toEqual(['first', 'second']);
    expect(report.steps.map((step) => step.name)).toEqual(['db', 'db#2']);
  });

  test('wrong options are refused', () => {
    const lifecycle = createLifecycle();
    expect(() => createLifecycle({ deadlineMs: 1 })).toThrow('deadlineMs must be a whole number from 10 to 3600000, got 1');
    expect(() => createLifecycle({ deadline: 1 } as never)).toThrow('lifecycle has no option deadline');
    const words = 'unready, drain-delay, stop-accepting, drain, close, flush';
    expect(() => lifecycle.onShutdown('end' as never, 'x', () => undefined)).toThrow(`phase must be one of ${words}, got "end"`);
  });
});

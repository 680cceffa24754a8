import { type Clock, systemClock } from '../clock.ts';
import { callable, oneOf, refuseUnknown, text, whole } from '../options.ts';
import { type ShutdownFunction, type ShutdownPhase, shutdownPhases, type ShutdownReport, type StepReport } from './phases.ts';
import { createStepRunner } from './step.ts';

/** Options of {@link createLifecycle}. */
export interface LifecycleOptions {
  /** Time for the whole shutdown. Default 25000: Kubernetes kills after 30 s. */
  readonly deadlineMs?: number;
  /** Pause after `unready`, so that load balancers hear of it before the server stops accepting. Default 0. */
  readonly drainDelayMs?: number;
  /** Part of the deadline that earlier phases cannot use up, kept for `flush`. Default 2000, at most half the deadline. */
  readonly flushReserveMs?: number;
  /** Told of each step as it ends. Default: nobody. */
  readonly onStep?: (step: StepReport) => void;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** Where the process is in its life. */
export type LifecycleState = 'running' | 'stopping' | 'stopped';

/** The orderly end of a process. */
export interface Lifecycle {
  /** Adds a step to a phase; steps of one phase run together. Returns a function that removes it. */
  onShutdown(phase: ShutdownPhase, name: string, fn: ShutdownFunction): () => void;
  /** Runs the phases once; each later call gets the same report. Never rejects. */
  shutdown(reason?: string): Promise<ShutdownReport>;
  /** `running`, `stopping` or `stopped`. */
  state(): LifecycleState;
}

/**
 * Shutdown phases that share one deadline. A step that fails or does not end in time is reported and left behind;
 * the phases after it still run, and `flush` always has its reserve.
 *
 * @throws TelemetryError `INVALID_OPTION`.
 * @example
 * ```ts
 * import { createLifecycle } from '@nines/telemetry/lifecycle';
 * const lifecycle = createLifecycle({ deadlineMs: 10_000 });
 * lifecycle.onShutdown('close', 'database', async () => undefined);
 * const report = await lifecycle.shutdown('done');
 * console.log(report.clean); // true
 * ```
 */
export function createLifecycle(options: LifecycleOptions = {}): Lifecycle {
  refuseUnknown('lifecycle', options, ['deadlineMs', 'drainDelayMs', 'flushReserveMs', 'onStep', 'clock']);
  const deadlineMs = whole('deadlineMs', options.deadlineMs, 25_000, 10, 3_600_000);
  const drainDelayMs = whole('drainDelayMs', options.drainDelayMs, 0, 0, deadlineMs);
  const reserveMs = whole(
    'flushReserveMs',
    options.flushReserveMs,
    Math.min(2000, Math.floor(deadlineMs / 2)),
    0,
    Math.floor(deadlineMs / 2),
  );
  const clock = options.clock ?? systemClock;
  const steps = new Map<ShutdownPhase, Map<string, ShutdownFunction>>(shutdownPhases.map((phase) => [phase, new Map()]));
  let state: LifecycleState = 'running';
  let report: Promise<ShutdownReport> | undefined;

  const pause: ShutdownFunction = ({ signal }) =>
    new Promise<void>((resolve) => {
      const timer = clock.after(drainDelayMs, resolve, false);
      signal.addEventListener('abort', () => timer.cancel(), { once: true });
    });

  async function run(reason: string): Promise<ShutdownReport> {
    const startedMs = clock.now();
    const done: StepReport[] = [];
    const runStep = createStepRunner(clock, reason, (step) => {
      done.push(step);
      options.onStep?.(step);
    });
    for (const phase of shutdownPhases) {
      const endMs = startedMs + (phase === 'flush' ? deadlineMs : deadlineMs - reserveMs);
      const registered = [...(steps.get(phase) ?? [])];
      const all = phase === 'drain-delay' && drainDelayMs > 0 ? [['pause', pause] as const, ...registered] : registered;
      await Promise.all(all.map(([name, fn]) => runStep(phase, name, fn, endMs)));
    }
    state = 'stopped';
    return { reason, clean: done.every((step) => step.outcome === 'done'), durationMs: clock.now() - startedMs, steps: done };
  }

  return {
    onShutdown(phase, name, fn) {
      const known = oneOf('phase', phase, phase, shutdownPhases);
      callable('fn', fn);
      const group = steps.get(known);
      const key = unique(group, text('name', name, 100));
      group?.set(key, fn);
      return () => group?.delete(key);
    },
    shutdown(reason = 'shutdown') {
      if (report === undefined) {
        state = 'stopping';
        report = run(reason);
      }
      return report;
    },
    state: () => state,
  };
}

/** Two steps may have the same name; the second becomes `name#2`. */
function unique(group: ReadonlyMap<string, ShutdownFunction> | undefined, name: string): string {
  let key = name;
  for (let count = 2; group?.has(key) === true; count += 1) key = `${name}#${count}`;
  return key;
}

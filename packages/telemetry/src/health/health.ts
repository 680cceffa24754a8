import { type Clock, systemClock } from '../clock.ts';
import { TelemetryError } from '../errors.ts';
import { quiet } from '../quiet.ts';
import { callable, refuseUnknown, text } from '../options.ts';
import { type CheckFunction, type CheckOptions, type CheckState, createCheck, type RunningCheck } from './check.ts';

/** An answer to a probe: a status code and a JSON body. */
export interface ProbeAnswer {
  /** 200 or 503. */
  readonly status: 200 | 503;
  /** State of the process and of each check; holds no error text. */
  readonly body: { readonly status: string; readonly checks?: Readonly<Record<string, CheckState>> };
}

/** Called when a check turns good or bad. */
export type HealthListener = (change: { readonly name: string; readonly state: CheckState; readonly error?: unknown }) => void;

/** Health of a process: checks run in the background, probes read the last result and never wait. */
export interface Health {
  /** Adds a check and runs it at once, then each `intervalMs`. Returns a function that removes it. */
  check(name: string, fn: CheckFunction, options?: CheckOptions): () => void;
  /** 200 until the process ends: liveness never depends on others. */
  live(): ProbeAnswer;
  /** 200 when each check passed last time (those with `readiness: false`: once) and the process is not shutting down. */
  ready(): ProbeAnswer;
  /** 200 once each check has passed once. */
  startup(): ProbeAnswer;
  /** Makes {@link Health.ready} answer 503 from now on; the first phase of a shutdown. */
  shuttingDown(): void;
  /** Tells of each change of a check's state. Returns a function that stops it. */
  onChange(listener: HealthListener): () => void;
  /** Stops the checks in the background. */
  stop(): void;
}

const most = 100;

/**
 * Health checks behind `/livez`, `/readyz` and `/startupz`. A check runs in the background with a timeout;
 * a probe reads the cached result, so a hung dependency cannot hang it.
 *
 * @example
 * ```ts
 * import { createHealth } from '@nines/telemetry/health';
 * const health = createHealth();
 * health.check('disk', () => undefined, { intervalMs: 30_000, timeoutMs: 500 });
 * console.log(health.live().status); // 200
 * health.stop();
 * ```
 */
export function createHealth(options: { readonly clock?: Clock } = {}): Health {
  refuseUnknown('health', options, ['clock']);
  const clock = options.clock ?? systemClock;
  const checks = new Map<string, RunningCheck>();
  const listeners = new Set<HealthListener>();
  let stopping = false;

  const states = (): Record<string, CheckState> => Object.fromEntries([...checks].map(([name, check]) => [name, check.state()]));
  const answer = (good: boolean, word: string): ProbeAnswer => ({ status: good ? 200 : 503, body: { status: word, checks: states() } });

  return {
    check(name, fn, checkOptions = {}) {
      text('name', name, 100);
      callable('fn', fn);
      if (checks.has(name)) throw new TelemetryError('INVALID_OPTION', `name must be new, got ${JSON.stringify(name)} again`);
      if (checks.size >= most) throw new TelemetryError('INVALID_OPTION', `checks must be at most ${most}, got one more`);
      const running = createCheck(clock, fn, checkOptions, (state, error) => {
        for (const listener of listeners) quiet(() => listener({ name, state, error }));
      });
      checks.set(name, running);
      running.start();
      return () => {
        running.stop();
        checks.delete(name);
      };
    },
    live: () => ({ status: 200, body: { status: 'live' } }),
    ready() {
      if (stopping) return answer(false, 'shutting down');
      const good = [...checks.values()].every((check) => check.allowsReady());
      return answer(good, good ? 'ready' : 'not ready');
    },
    startup() {
      const good = [...checks.values()].every((check) => check.passedOnce());
      return answer(good, good ? 'started' : 'starting');
    },
    shuttingDown() {
      stopping = true;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const check of checks.values()) check.stop();
    },
  };
}

import { defineSlo, rolling, type AlertPolicy, type Duration, type Slo } from '@nines/slo';

/** Objectives on a compressed clock: the same promises over shorter windows, so that a month's alerts can be watched in minutes. */
export interface CompressedClock {
  /** How many times shorter every window is. */
  readonly factor: number;
  readonly objectives: readonly Slo[];
  /** What `5m` of the true clock is here: over how long the rules count events. */
  readonly countWindow: Duration;
  /** One sentence that says so; it belongs beside every figure that comes from these objectives. */
  readonly note: string;
}

const FACTOR_MAX = 300;

/**
 * The objectives with their window and all windows of their alerts divided by `factor`: targets, burn rates and error ratios stay as they are,
 * and so do the limits of what is measured, such as 250 ms.
 *
 * @throws Error when a window would not be whole seconds, which is what Prometheus rules are written in.
 */
export function compressClock(slos: readonly Slo[], factor: number): CompressedClock {
  if (!Number.isInteger(factor) || factor < 1 || factor > FACTOR_MAX)
    throw new Error(`the clock can be compressed by a whole number from 1 to ${FACTOR_MAX}, got ${factor}`);
  const note = `compressed SLO clock: every window of the objectives and of their alerts is divided by ${factor}, so that 1 h lasts ${factor === 1 ? '1h' : shown(3600 / factor)}`;
  return { factor, objectives: slos.map((slo) => compressed(slo, factor)), countWindow: divided('5m', factor), note };
}

function compressed(slo: Slo, factor: number): Slo {
  if (slo.window.type !== 'rolling') throw new Error(`only a rolling window can be compressed, ${slo.name} has one of the calendar`);
  return defineSlo({
    name: slo.name,
    service: slo.service,
    objective: slo.objective,
    window: rolling(divided(slo.window.duration, factor)),
    ...(slo.sli === undefined ? {} : { sli: slo.sli }),
    ...(slo.alerting === undefined ? {} : { alerting: compressedPolicy(slo.alerting, factor) }),
    ...(slo.description === undefined ? {} : { description: slo.description }),
    ...(slo.runbook === undefined ? {} : { runbook: slo.runbook }),
    ...(slo.labels === undefined ? {} : { labels: slo.labels }),
  });
}

function compressedPolicy(policy: AlertPolicy, factor: number): AlertPolicy {
  const windows = policy.windows.map((window) => ({
    ...window,
    longWindow: divided(window.longWindow, factor),
    shortWindow: divided(window.shortWindow, factor),
    ...(window.for === undefined ? {} : { for: divided(window.for, factor) }),
  }));
  return { ...policy, name: factor === 1 ? policy.name : `${policy.name}, clock ÷ ${factor}`, windows };
}

function divided(duration: Duration, factor: number): Duration {
  const length = seconds(duration) / factor;
  if (!Number.isInteger(length)) throw new Error(`${duration} divided by ${factor} is not whole seconds: choose a factor that divides it`);
  return shown(length);
}

/** `rolling` reads durations as the package does. */
function seconds(duration: Duration): number {
  return rolling(duration).seconds;
}

/** `12h`, `90m`, `5s`: the largest unit that says it in a whole number. */
function shown(length: number): Duration {
  const [unit, size] = (
    [
      ['d', 86_400],
      ['h', 3600],
      ['m', 60],
    ] as const
  ).find(([, size]) => length >= size && length % size === 0) ?? ['s', 1];
  return `${length / size}${unit}`;
}

import { type Clock, systemClock } from './clock.ts';
import type { MetricRegistry, RegisteredMetric } from './metrics/registry.ts';

/** Takes note of a failure inside telemetry itself, which must never reach the program. Never throws. */
export type ReportInternalError = (component: string, error: unknown, detail?: string) => void;

/** The part of a logger that hears of internal errors. */
export interface InternalErrorLog {
  /** Writes one line. */
  warn(fields: object, message: string): void;
}

/** Counts the failures inside telemetry that reach one registry. */
export interface InternalErrors {
  /** Counts a failure, and logs it unless the same was logged within a minute. */
  readonly report: ReportInternalError;
  /** Counts a wrong use; the error that shows where is built only when it is logged, because its stack costs more than the call did. */
  readonly misuse: (component: string, problem: string, detail: string) => void;
  /** From now on failures are logged too. */
  readonly logTo: (log: InternalErrorLog) => void;
}

const name = 'telemetry_internal_errors_total';
const help = 'Failures inside telemetry itself.';
const quietMs = 60_000;
const mostComponents = 100;

/** Found again on the metric of a registry, also by a second installed copy of the package: so no global holds it. */
const reporter: unique symbol = Symbol.for('@nines/telemetry.internal-errors') as never;

interface ReportingMetric extends RegisteredMetric {
  readonly [reporter]: InternalErrors;
}

function create(clock: Clock): ReportingMetric {
  const counts = new Map<string, number>();
  const lastMs = new Map<string, number>();
  let log: InternalErrorLog | undefined;
  const isNews = (key: string): boolean => {
    const now = clock.now();
    if (now - (lastMs.get(key) ?? -Infinity) < quietMs) return false;
    if (lastMs.size >= mostComponents) lastMs.clear();
    lastMs.set(key, now);
    return true;
  };
  const count = (component: string, detail: unknown, error: () => unknown): void => {
    counts.set(component, (counts.get(component) ?? 0) + 1);
    const named = typeof detail === 'string' ? detail : undefined;
    if (log === undefined || !isNews(named === undefined ? component : `${component} ${named}`)) return;
    try {
      log.warn({ component, detail: named, err: error() }, 'telemetry failed inside');
    } catch {
      // A log that fails cannot be told of it.
    }
  };
  const shape = { name, help, type: 'counter', aggregator: 'sum' };
  return {
    ...shape,
    get: () => ({ ...shape, values: [...counts].map(([component, value]) => ({ labels: { component }, value })) }),
    reset: () => counts.clear(),
    [reporter]: {
      report: (component, error, detail) => count(component, detail, () => error),
      misuse: (component, problem, detail) => count(component, detail, () => new Error(problem)),
      logTo(next) {
        log = next;
      },
    },
  };
}

/**
 * What counts the failures inside telemetry for a registry: `telemetry_internal_errors_total{component}`, registered at the first call.
 * It logs at most one line a minute for each component, so that a collector that is down does not fill the log.
 */
export function internalErrors(registry: MetricRegistry, clock: Clock = systemClock): InternalErrors {
  const found = registry.getSingleMetric(name) as Partial<ReportingMetric> | undefined;
  const known = found?.[reporter];
  if (known !== undefined) return known;
  const metric = create(clock);
  // A stranger's metric of that name keeps its place; ours is then only logged.
  if (found === undefined) registry.registerMetric(metric);
  return metric[reporter];
}

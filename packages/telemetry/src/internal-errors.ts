import { type Clock, systemClock } from './clock.ts';
import type { Logger } from './logging/logger.ts';
import { counter } from './metrics/instruments.ts';
import type { MetricRegistry } from './metrics/registry.ts';

/** Takes note of a failure inside telemetry itself, which must never reach the program. */
export type ReportInternalError = (component: string, error: unknown, detail?: string) => void;

const quietMs = 60_000;
const mostComponents = 100;

/**
 * Counts internal failures in `telemetry_internal_errors_total{component}` and logs at most one line a minute for each component,
 * so that a collector that is down does not fill the log.
 */
export function createInternalErrors(logger: Logger, metrics: MetricRegistry, clock: Clock = systemClock): ReportInternalError {
  const name = 'telemetry_internal_errors_total';
  const taken = metrics.getSingleMetric(name) !== undefined;
  const total = taken ? undefined : counter(metrics, { name, help: 'Failures inside telemetry itself.', labelNames: ['component'] });
  const lastMs = new Map<string, number>();
  return (component, err, detail) => {
    total?.inc({ component });
    const now = clock.now();
    const key = detail === undefined ? component : `${component} ${detail}`;
    if (now - (lastMs.get(key) ?? -Infinity) < quietMs) return;
    if (lastMs.size >= mostComponents) lastMs.clear();
    lastMs.set(key, now);
    logger.warn({ component, detail, err }, 'telemetry failed inside');
  };
}

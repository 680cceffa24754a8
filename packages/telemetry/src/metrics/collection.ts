import type { Clock } from '../clock.ts';
import { quiet } from '../quiet.ts';
import type { MetricRegistry, MetricSample, RegisteredMetric } from './registry.ts';

/** The text of one metric, as its registry wrote it. */
export interface Family {
  /** `# HELP`, `# TYPE`, then a line for each sample. */
  readonly text: string;
  /** The samples behind the lines, in order, when some may have exemplars. */
  readonly samples: readonly MetricSample[];
}

/** Told about each collector that threw or hung. */
export type OnCollectorError = (metric: string, error: unknown) => void;

const upName = 'telemetry_collector_up';

function nameOf(metric: object): string {
  return 'name' in metric ? String(metric.name) : '';
}

/** Settles when the work does, or with an error after `timeoutMs`. */
function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // Not a background timer: a scrape in flight must be answered even when nothing else keeps the process alive.
    const timer = clock.after(timeoutMs, () => reject(new Error(`timed out after ${timeoutMs} ms`)), false);
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

function upFamily(reported: readonly (readonly [string, boolean])[]): Family {
  const lines = reported.map(([metric, up]) => `${upName}{metric="${metric}"} ${up ? 1 : 0}`);
  const help = `# HELP ${upName} Whether the collector of a metric answered when it was last asked.`;
  return { text: [help, `# TYPE ${upName} gauge`, ...lines].join('\n'), samples: [] };
}

/**
 * Collects each metric of a registry on its own, so that one bad collector costs one metric and not the scrape. The promise
 * never rejects and settles within `timeoutMs`.
 */
export function createCollection(
  registry: MetricRegistry,
  timeoutMs: number,
  clock: Clock,
  onError: OnCollectorError,
): () => Promise<readonly Family[]> {
  const hanging = new Map<string, Promise<string>>();
  const everFailed = new Set<string>();

  function collect(name: string): Promise<string> {
    // A collector that still hangs is not called again: waiting work stays bounded at one call a metric.
    const pending = hanging.get(name);
    if (pending !== undefined) return pending;
    const work = Promise.resolve()
      .then(() => registry.getSingleMetricAsString(name))
      .finally(() => hanging.delete(name));
    hanging.set(name, work);
    return work;
  }

  async function one(metric: Partial<RegisteredMetric>): Promise<{ family?: Family; report?: readonly [string, boolean] }> {
    const name = nameOf(metric);
    try {
      const text = await within(clock, timeoutMs, collect(name));
      const up = metric.up?.();
      const family = { text, samples: metric.lastSamples?.() ?? [] };
      return up !== undefined || everFailed.has(name) ? { family, report: [name, up ?? true] } : { family };
    } catch (error) {
      everFailed.add(name);
      quiet(() => onError(name, error));
      return { report: [name, false] };
    }
  }

  return async () => {
    const collected = await Promise.all(registry.getMetricsAsArray().map(one));
    const families = collected.flatMap(({ family }) => family ?? []);
    const reported = collected.flatMap(({ report }) => (report === undefined ? [] : [report]));
    return reported.length > 0 ? [...families, upFamily(reported)] : families;
  };
}

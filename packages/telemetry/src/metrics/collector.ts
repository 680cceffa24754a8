import { type Clock, systemClock, type Timer } from '../clock.ts';
import { TelemetryError } from '../errors.ts';
import { internalErrors } from '../internal-errors.ts';
import { callable, oneOf, whole } from '../options.ts';
import { checkInstrument, type InstrumentOptions, type Labels } from './labels.ts';
import type { MetricRegistry, RegisteredMetric } from './registry.ts';
import { createSeries, type Series } from './series.ts';

/** Sets one value of the collection that is going on. */
export type SetValue<Names extends string = never> = (value: number, labels?: Labels<Names>) => void;

/** Options of {@link collector}. */
export interface CollectorOptions<Names extends string = string> extends InstrumentOptions<Names> {
  /** Asks for the values and hands each to `set`. Its signal aborts after `timeoutMs`. */
  readonly collect: (set: SetValue<Names>, signal: AbortSignal) => unknown;
  /** `gauge` or `counter` (a total that is kept elsewhere). Default `gauge`. */
  readonly type?: 'gauge' | 'counter';
  /** Pause between two collections in milliseconds. Default 10000. */
  readonly intervalMs?: number;
  /** Longest collection in milliseconds; a later answer is dropped. Default 5000. */
  readonly timeoutMs?: number;
  /** Age in milliseconds at which the last values are no longer shown: none is better than a wrong one. Default 60000. */
  readonly maxStalenessMs?: number;
  /** Time, for tests. Default the real clock. */
  readonly clock?: Clock;
}

/** A metric that is collected in the background. */
export interface Collector {
  /** Collects now, or waits for the collection that is going on. Resolves when the values are in or the collection failed; never rejects. */
  refresh(): Promise<void>;
  /** Stops collecting; the metric stays registered and grows stale. */
  stop(): void;
}

interface Cell {
  value: number;
}

const known = ['collect', 'type', 'intervalMs', 'timeoutMs', 'maxStalenessMs', 'clock'];

/** One call of `collect` at a time: while one still hangs, none is begun. */
function createRun<Names extends string>(
  options: CollectorOptions<Names>,
  clock: Clock,
  timeoutMs: number,
): () => Promise<Series<Cell> | undefined> {
  let busy = false;
  return () => {
    if (busy) return Promise.resolve(undefined);
    busy = true;
    const fresh = createSeries<Cell>(options, () => ({ value: Number.NaN }));
    const controller = new AbortController();
    const set: SetValue<Names> = (value, labels) => {
      fresh.cell(labels).value = value;
    };
    const work = (async () => options.collect(set, controller.signal))().finally(() => {
      busy = false;
    });
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        const late = new Error(`timed out after ${timeoutMs} ms`);
        controller.abort(late);
        reject(late);
      });
      work.then(() => resolve(fresh), reject).finally(() => timer.cancel());
    });
  };
}

/**
 * Registers a metric whose values are asked for in the background, at once and then every `intervalMs`, so that no scrape ever waits
 * for them. What fails or is late keeps the last values until they are stale, is reported as `telemetry_collector_up{metric="…"} 0` by
 * the scrape handler, and is counted as an internal error. The timer does not keep the process alive.
 *
 * @throws TelemetryError `INVALID_OPTION`, or `METRIC_CONFLICT` when the name is taken.
 * @example
 * ```ts
 * import { collector, createRegistry } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * const depth = collector(registry, {
 *   name: 'queue_depth',
 *   help: 'Waiting jobs.',
 *   labelNames: ['queue'],
 *   collect: async (set) => set(await Promise.resolve(7), { queue: 'mail' }),
 * });
 * await depth.refresh();
 * console.log((await registry.metrics()).includes('queue_depth{queue="mail"} 7')); // true
 * depth.stop();
 * ```
 */
export function collector<Names extends string = never>(registry: MetricRegistry, options: CollectorOptions<Names>): Collector {
  checkInstrument(options, known);
  callable('collect', options.collect);
  const { name, help, clock = systemClock } = options;
  const type = oneOf('type', options.type, 'gauge', ['gauge', 'counter']);
  const intervalMs = whole('intervalMs', options.intervalMs, 10_000, 10, 3_600_000);
  const timeoutMs = whole('timeoutMs', options.timeoutMs, 5000, 1, 3_600_000);
  const maxStalenessMs = whole('maxStalenessMs', options.maxStalenessMs, 60_000, 1, 86_400_000);
  if (registry.getSingleMetric(name) !== undefined) throw new TelemetryError('METRIC_CONFLICT', `metric ${name} is already registered`);

  let values: { readonly series: Series<Cell>; readonly atMs: number } | undefined;
  let up = false;
  const shown = () => (values === undefined || clock.now() - values.atMs > maxStalenessMs ? [] : [...values.series.all()]);
  const shape = { name, help, type, aggregator: 'sum' };
  const metric: RegisteredMetric = {
    ...shape,
    get: () => ({
      ...shape,
      values: shown().flatMap(([labels, { value }]) => (Number.isFinite(value) ? [{ labels, value }] : [])),
    }),
    reset() {
      values = undefined;
    },
    up: () => up,
  };
  registry.registerMetric(metric);

  const run = createRun({ ...registry.instrumentDefaults, ...options }, clock, timeoutMs);
  let stopped = false;
  let timer: Timer | undefined;
  const collectOnce = async (): Promise<void> => {
    try {
      const series = await run();
      if (series === undefined) return;
      values = { series, atMs: clock.now() };
      up = true;
    } catch (error) {
      up = false;
      internalErrors(registry).report('collector', error, name);
    }
  };
  let going: Promise<void> | undefined;
  const refresh = (): Promise<void> =>
    (going ??= collectOnce().finally(() => {
      going = undefined;
    }));
  const loop = async (): Promise<void> => {
    await refresh();
    if (!stopped) timer = clock.after(intervalMs, () => void loop());
  };
  void loop();
  return {
    refresh,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

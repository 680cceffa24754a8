import type { Duration } from '../duration.ts';
import { readDuration } from '../duration.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { windowAt } from '../period.ts';
import { indicatorOf } from '../prometheus/indicator.ts';
import type { Counts } from '../samples.ts';
import { ask, checkSource, type PrometheusSource } from './api.ts';

/** What `fetchEvents` takes besides the Prometheus. */
export interface FetchEventsOptions extends PrometheusSource {
  /** A shorter time before now that is asked for too. Default `1h`. */
  readonly recent?: Duration;
}

/** The events of an objective as a Prometheus counts them now. */
export interface CurrentEvents {
  /** The time of that Prometheus, in milliseconds since 1970. */
  readonly atMs: number;
  /** Of the objective's window: the whole of a rolling one, what has passed of a calendar one. */
  readonly events: Counts;
  readonly recent: Counts;
}

/**
 * Asks a Prometheus how many events an objective had in its window and in a shorter time before now, by its own clock. No recorded rule is needed.
 *
 * @param slo - an objective with `sli`
 * @returns what `sloReport` takes; counts are rounded, since `increase` extends to the edges of a window
 * @throws SloError `PROMETHEUS_FAILED` when it does not answer or refuses; `INVALID_OPTION`, `INVALID_DURATION`, `INVALID_PROMQL`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, rolling, sli } from '@nines/slo';
 * import { fetchEvents, type PrometheusRequest } from '@nines/slo/backtest';
 *
 * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events });
 * // A stand-in for a Prometheus, so that this runs anywhere: leave fetch out.
 * const fetch = async (_url: string, { body }: PrometheusRequest) => {
 *   const value = [1_700_000_000, body.includes('errors') ? '400' : '1000000'];
 *   const data = body.startsWith('query=time') ? { result: [1_700_000_000, '1700000000'] } : { result: [{ metric: {}, value }] };
 *   return { status: 200, text: async () => JSON.stringify({ status: 'success', data }) };
 * };
 * console.log((await fetchEvents(slo, { url: 'http://127.0.0.1:9090', fetch })).events); // { total: 1000000, bad: 400 }
 * ```
 */
export async function fetchEvents(slo: Slo, options: FetchEventsOptions): Promise<CurrentEvents> {
  checkSource('fetchEvents', options, ['recent']);
  const recent = options.recent ?? '1h';
  readDuration('recent', recent);
  const now = (await ask(options, 'query', { query: 'time()' })) as { readonly result?: readonly unknown[] };
  const seconds = Number(now.result?.[1]);
  if (!Number.isFinite(seconds)) throw new SloError('PROMETHEUS_FAILED', `${options.url} did not say what time it is`);
  const atMs = Math.round(seconds * 1_000);
  const passed = Math.max(1, Math.round((atMs - windowAt(slo.window, atMs).startMs) / 1_000));
  const count = async (window: Duration): Promise<Counts> => {
    const { bad, total } = countsOver(slo, window);
    const [failures, all] = [await value(options, bad, seconds), await value(options, total, seconds)];
    return Object.freeze({ total: all, bad: Math.min(all, failures) });
  };
  return Object.freeze({ atMs, events: await count(`${passed}s`), recent: await count(recent) });
}

/** PromQL for the events of a window. What is sampled from gauges is sampled here once a minute. */
function countsOver(slo: Slo, window: Duration): { readonly bad: string; readonly total: string } {
  const indicator = indicatorOf(slo);
  if (indicator.kind === 'events') return indicator.over(window);
  const { bad, total } = indicator.now;
  return { bad: `sum_over_time((${bad})[${window}:1m])`, total: `sum_over_time((${total})[${window}:1m])` };
}

/** One number; no series and NaN are no events. */
async function value(source: PrometheusSource, query: string, seconds: number): Promise<number> {
  const data = (await ask(source, 'query', { query, time: String(seconds) })) as { readonly result?: readonly unknown[] };
  const [first] = data.result ?? [];
  const pair = typeof first === 'object' && first !== null ? (Reflect.get(first, 'value') as unknown) : undefined;
  const read = Array.isArray(pair) ? Number(pair[1]) : 0;
  return Number.isFinite(read) ? Math.round(read) : 0;
}

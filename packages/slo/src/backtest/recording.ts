import { readDuration, type Duration } from '../duration.ts';
import { SloError } from '../errors.ts';
import type { Slo } from '../objective.ts';
import { classicSeries } from '../prometheus/indicator.ts';
import { selectorText } from '../prometheus/promql.ts';
import { show } from '../show.ts';
import { ask, checkSource, type PrometheusSource } from './api.ts';
import type { Recording } from './backtest.ts';
import type { QueryRangeAnswer } from './matrix.ts';

/** What `fetchRecording` takes besides the Prometheus. */
export interface FetchRecordingOptions extends PrometheusSource {
  /** From when to when, milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The distance of two readings. Default `1m`. At most 1 000 000 readings in all. */
  readonly step?: Duration;
}

/** Prometheus answers with at most 11,000 points a series. */
const pointsAtOnce = 10_000;
const mostReadings = 1_000_000;

/**
 * Asks a Prometheus for the counters of an objective, in as many parts as it takes.
 *
 * @param slo - an objective that counts events: `sli.ratio`, or `sli.latency` on a classic histogram
 * @param options - which Prometheus, from when to when
 * @returns what `backtest` takes
 * @throws SloError `PROMETHEUS_FAILED` when it does not answer or refuses; `INVALID_OPTION`, `INVALID_DURATION`, `UNKNOWN_OPTION`
 * @example
 * ```ts
 * import { defineSlo, googleSre, rolling, sli } from '@nines/slo';
 * import { backtest, fetchRecording } from '@nines/slo/backtest';
 *
 * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events, alerting: googleSre() });
 * // A stand-in for a Prometheus, so that this runs anywhere: leave fetch out.
 * const data = { resultType: 'matrix', result: [{ metric: {}, values: [[0, '0'], [60, '600'], [120, '1200']] }] };
 * const fetch = async () => ({ status: 200, text: async () => JSON.stringify({ status: 'success', data }) });
 * const recording = await fetchRecording(slo, { url: 'http://127.0.0.1:9090', fromMs: 0, toMs: 120_000, fetch });
 * console.log(backtest(slo, recording).total); // 1200
 * ```
 */
export async function fetchRecording(slo: Slo, options: FetchRecordingOptions): Promise<Recording> {
  checkSource('fetchRecording', options, ['fromMs', 'toMs', 'step']);
  const step = options.step ?? '1m';
  const stepSeconds = readDuration('step', step);
  const { fromMs, toMs } = options;
  const readings = Math.floor((toMs - fromMs) / 1_000 / stepSeconds) + 1;
  if (!(readings >= 2 && readings <= mostReadings)) {
    throw new SloError(
      'INVALID_OPTION',
      `fromMs and toMs must be from 2 to ${mostReadings} steps of ${step} apart, got ${show(fromMs)} and ${show(toMs)}`,
    );
  }
  const { total, bad, good } = selectorsOf(slo);
  const fetchAll = async (selector: string): Promise<QueryRangeAnswer> => {
    const series: unknown[] = [];
    for (let first = 0; first < readings; first += pointsAtOnce) {
      const last = Math.min(readings, first + pointsAtOnce) - 1;
      const [start, end] = [fromMs / 1_000 + first * stepSeconds, fromMs / 1_000 + last * stepSeconds];
      const data = await ask(options, 'query_range', {
        query: selector,
        start: String(start),
        end: String(end),
        step: String(stepSeconds),
      });
      series.push(...((data as { readonly result?: readonly unknown[] }).result ?? []));
    }
    return series;
  };
  const all = await fetchAll(total);
  return bad === undefined ? { total: all, good: await fetchAll(good ?? ''), step } : { total: all, bad: await fetchAll(bad), step };
}

/** The selectors of the counters that an objective is counted by. */
function selectorsOf({ name, sli }: Slo): { readonly total: string; readonly bad?: string; readonly good?: string } {
  if (sli?.type === 'ratio') return { total: sli.total, bad: sli.bad };
  if (sli?.type === 'latency' && sli.histogramType === 'classic') {
    const { bucket, count } = classicSeries(sli);
    return { total: selectorText(count), good: selectorText(bucket) };
  }
  throw new SloError(
    'INVALID_OPTION',
    `objective ${JSON.stringify(name)} must have sli.ratio, or sli.latency of a classic histogram, to be read from Prometheus, got ${sli?.type ?? 'none'}`,
  );
}

import { SloError } from '../errors.ts';
import type { Counts } from '../samples.ts';
import { show } from '../show.ts';

/** What is read of a k6 summary: `handleSummary(data)`, or the file of `--summary-export`. */
export interface K6Summary {
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** What is read of autocannon's result. */
export interface AutocannonResult {
  readonly requests: { readonly total: number };
  /** Requests without an answer: connection errors, timeouts included. */
  readonly errors: number;
  readonly non2xx: number;
  readonly '5xx'?: number;
}

/**
 * The samples of a k6 run: of the rate metric `http_req_failed`, where a true is a failed request, or of a rate of your own.
 *
 * @param summary - what `handleSummary` gets, or the parsed file of `--summary-export`
 * @param options - `metric` (default `http_req_failed`); `trueIs`, what a true of that rate means (default `bad` for it, else `good`)
 * @returns counts for `toMeetSlo` and `assertSlo`
 * @throws SloError `INVALID_OPTION` when the metric is not there or is no rate
 * @example
 * ```ts
 * import { samplesFromK6 } from '@nines/slo/matchers';
 *
 * const summary = { metrics: { http_req_failed: { type: 'rate', values: { rate: 0.002, passes: 2, fails: 998 } } } };
 * console.log(samplesFromK6(summary)); // { total: 1000, bad: 2 }
 * ```
 */
export function samplesFromK6(summary: K6Summary, options: { readonly metric?: string; readonly trueIs?: 'good' | 'bad' } = {}): Counts {
  const name = options.metric ?? 'http_req_failed';
  const metric = field(field(summary, 'metrics'), name);
  const values = field(metric, 'values') ?? metric;
  const [passes, fails] = [field(values, 'passes'), field(values, 'fails')];
  if (!isCount(passes) || !isCount(fails)) {
    throw new SloError('INVALID_OPTION', `the k6 summary must have a rate ${show(name)} with passes and fails, got ${show(metric)}`);
  }
  const trueIs = options.trueIs ?? (name === 'http_req_failed' ? 'bad' : 'good');
  return Object.freeze({ total: passes + fails, bad: trueIs === 'bad' ? passes : fails });
}

/**
 * The samples of an autocannon run: every request, bad when it got no answer or one outside of 2xx.
 *
 * @param result - what autocannon resolves to, or prints with `--json`
 * @param options - `bad`: `non2xx` (default) or `5xx`, for a run that provokes refusals on purpose
 * @returns counts for `toMeetSlo` and `assertSlo`
 * @throws SloError `INVALID_OPTION` when the result has not the fields of autocannon's
 * @example
 * ```ts
 * import { samplesFromAutocannon } from '@nines/slo/matchers';
 *
 * console.log(samplesFromAutocannon({ requests: { total: 998 }, errors: 2, non2xx: 3 })); // { total: 1000, bad: 5 }
 * ```
 */
export function samplesFromAutocannon(result: AutocannonResult, options: { readonly bad?: 'non2xx' | '5xx' } = {}): Counts {
  const answered = field(field(result, 'requests'), 'total');
  const refused = field(result, options.bad ?? 'non2xx');
  const errors = field(result, 'errors');
  if (!isCount(answered) || !isCount(refused) || !isCount(errors)) {
    throw new SloError(
      'INVALID_OPTION',
      `autocannon's result must have requests.total, errors and ${options.bad ?? 'non2xx'}, got ${show(result)}`,
    );
  }
  return Object.freeze({ total: answered + errors, bad: refused + errors });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

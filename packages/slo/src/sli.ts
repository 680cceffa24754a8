import { readDecimal, type DecimalInput } from './decimal.ts';
import { readDuration, type Duration } from './duration.ts';
import { SloError } from './errors.ts';
import { checkOptions, checkText } from './options.ts';
import { one, zero } from './rational.ts';
import { show } from './show.ts';

/** Bad events among all events, each a PromQL selector of counters. */
export interface RatioSli {
  readonly type: 'ratio';
  /** Selector of the events that failed. */
  readonly bad: string;
  /** Selector of all events. */
  readonly total: string;
}

/** Events that took longer than a threshold, counted by a Prometheus histogram. */
export interface LatencySli {
  readonly type: 'latency';
  /** Selector of the histogram without `_bucket` or `_count`, for example `http_request_duration_seconds{route="/"}`. */
  readonly histogram: string;
  /** The longest good time in the unit of the histogram, as decimal text. For a classic histogram it is the `le` of one of its buckets. */
  readonly threshold: string;
  /** `classic`: series with `_bucket`; `native`: one series with exponential buckets. */
  readonly histogramType: 'classic' | 'native';
}

/** Time slices: each slice is good or bad as a whole, however many events it holds. A slice without events is good. */
export interface TimeSlicesSli {
  readonly type: 'time-slices';
  /** What is counted within a slice. */
  readonly events: RatioSli | LatencySli;
  /** The length of a slice, for example `1m`. */
  readonly slice: Duration;
  /** The share of good events that makes a slice good, as text. */
  readonly sliceTarget: string;
}

/** How old the newest (or the oldest waiting) thing is, as a gauge; each sample is good or bad. */
export interface FreshnessSli {
  readonly type: 'freshness';
  /** Selector of a gauge that says an age in seconds. The oldest of its series counts. */
  readonly age: string;
  /** The greatest good age in seconds, as decimal text. */
  readonly threshold: string;
}

/** A gauge that is 1 when all is well and 0 when not, such as `probe_success`; each sample of each series is an event. */
export interface BooleanSli {
  readonly type: 'boolean';
  /** Selector of the gauge. */
  readonly gauge: string;
}

/** Queries of your own, that count events within `$window`. */
export interface RawSli {
  readonly type: 'raw';
  /** PromQL: bad events within `$window`, one value. */
  readonly bad: string;
  /** PromQL: all events within `$window`, one value. */
  readonly total: string;
}

/** What is measured. The mathematics does not read it; it travels with the objective, and rules are made from it. */
export type Sli = RatioSli | LatencySli | TimeSlicesSli | FreshnessSli | BooleanSli | RawSli;

/** What `sli.latency` takes. */
export interface LatencyOptions {
  /** Selector of the histogram without `_bucket` or `_count`. */
  readonly histogram: string;
  /** The longest good time, in the unit of the histogram: `'0.25'`. */
  readonly threshold: DecimalInput;
  /** Default `classic`. */
  readonly histogramType?: 'classic' | 'native';
}

/** What `sli.timeSlices` takes. */
export interface TimeSlicesOptions {
  /** What is counted within a slice. */
  readonly events: RatioSli | LatencySli;
  /** The length of a slice. Default `1m`. */
  readonly slice?: Duration;
  /** The share of good events that makes a slice good, more than 0 and at most 1: `'95%'`. */
  readonly sliceTarget: DecimalInput;
}

/** Ways to say what is measured. */
export interface SliKinds {
  /**
   * Bad events among all events.
   *
   * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * console.log(sli.ratio({ bad: 'http_requests_total{code=~"5.."}', total: 'http_requests_total' }).type); // ratio
   * ```
   */
  ratio(selectors: { readonly bad: string; readonly total: string }): RatioSli;

  /**
   * Events slower than a threshold, from a classic or a native histogram.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * console.log(sli.latency({ histogram: 'http_request_duration_seconds', threshold: '0.25' }).threshold); // 0.25
   * ```
   */
  latency(options: LatencyOptions): LatencySli;

  /**
   * Slices of time, each good or bad as a whole: for users who notice that it is down, not how many requests fail.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `INVALID_DURATION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
   * console.log(sli.timeSlices({ events, sliceTarget: '95%' }).slice); // 1m
   * ```
   */
  timeSlices(options: TimeSlicesOptions): TimeSlicesSli;

  /**
   * How old something may be: the last backup, the head of a queue.
   *
   * @throws SloError `INVALID_OPTION`, `INVALID_NUMBER`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * console.log(sli.freshness({ age: 'queue_oldest_age_seconds', threshold: 60 }).threshold); // 60
   * ```
   */
  freshness(options: { readonly age: string; readonly threshold: DecimalInput }): FreshnessSli;

  /**
   * A gauge that is 1 or 0, such as a probe's result.
   *
   * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * console.log(sli.boolean({ gauge: 'probe_success{job="blackbox"}' }).type); // boolean
   * ```
   */
  boolean(options: { readonly gauge: string }): BooleanSli;

  /**
   * Queries of your own. Each counts events within `$window`, which stands for a duration such as `5m`.
   *
   * @throws SloError `INVALID_OPTION`, `UNKNOWN_OPTION`
   * @example
   * ```ts
   * import { sli } from '@nines/slo';
   *
   * const total = 'sum(increase(requests_total[$window]))';
   * console.log(sli.raw({ bad: 'sum(increase(errors_total[$window]))', total }).type); // raw
   * ```
   */
  raw(queries: { readonly bad: string; readonly total: string }): RawSli;
}

const longestSelector = 2_000;
const selector = (name: string, value: unknown): string => checkText(name, value, longestSelector);

/** Ways to say what is measured: events, latency, time slices, freshness, a boolean gauge, queries of your own. */
export const sli: SliKinds = Object.freeze({
  ratio(selectors: { readonly bad: string; readonly total: string }): RatioSli {
    checkOptions('sli.ratio', selectors, ['bad', 'total']);
    const bad = selector('bad', selectors.bad);
    return Object.freeze({ type: 'ratio', bad, total: selector('total', selectors.total) });
  },
  latency(options: LatencyOptions): LatencySli {
    checkOptions('sli.latency', options, ['histogram', 'threshold', 'histogramType']);
    const histogramType = options.histogramType ?? 'classic';
    if (histogramType !== 'classic' && histogramType !== 'native') {
      throw new SloError('INVALID_OPTION', `histogramType must be classic or native, got ${show(histogramType)}`);
    }
    const histogram = selector('histogram', options.histogram);
    return Object.freeze({ type: 'latency', histogram, threshold: positive('threshold', options.threshold), histogramType });
  },
  timeSlices(options: TimeSlicesOptions): TimeSlicesSli {
    checkOptions('sli.timeSlices', options, ['events', 'slice', 'sliceTarget']);
    const { events, slice = '1m', sliceTarget } = options;
    if (events?.type !== 'ratio' && events?.type !== 'latency') {
      throw new SloError('INVALID_OPTION', `events must come from sli.ratio or sli.latency, got ${show(events)}`);
    }
    readDuration('slice', slice);
    const share = readDecimal('sliceTarget', sliceTarget);
    if (!zero.isLessThan(share) || one.isLessThan(share)) {
      throw new SloError('INVALID_OPTION', `sliceTarget must be more than 0% and at most 100%, got ${show(sliceTarget)}`);
    }
    return Object.freeze({ type: 'time-slices', events, slice, sliceTarget: String(sliceTarget) });
  },
  freshness(options: { readonly age: string; readonly threshold: DecimalInput }): FreshnessSli {
    checkOptions('sli.freshness', options, ['age', 'threshold']);
    const age = selector('age', options.age);
    return Object.freeze({ type: 'freshness', age, threshold: positive('threshold', options.threshold) });
  },
  boolean(options: { readonly gauge: string }): BooleanSli {
    checkOptions('sli.boolean', options, ['gauge']);
    return Object.freeze({ type: 'boolean', gauge: selector('gauge', options.gauge) });
  },
  raw(queries: { readonly bad: string; readonly total: string }): RawSli {
    checkOptions('sli.raw', queries, ['bad', 'total']);
    return Object.freeze({ type: 'raw', bad: windowed('bad', queries.bad), total: windowed('total', queries.total) });
  },
});

const makers: Readonly<Record<string, (options: never) => Sli>> = {
  ratio: (options) => sli.ratio(options),
  latency: (options) => sli.latency(options),
  'time-slices': (options) => sli.timeSlices(options),
  freshness: (options) => sli.freshness(options),
  boolean: (options) => sli.boolean(options),
  raw: (options) => sli.raw(options),
};

/** Checks an SLI again, whoever made it: one that was read from JSON is as good as one from `sli`. */
export function checkSli(value: Sli): Sli {
  const { type, ...options } = Object(value) as Sli;
  const make = makers[type];
  if (make === undefined) {
    const known = Object.keys(sli).map((kind) => `sli.${kind}`);
    throw new SloError('INVALID_OPTION', `sli must come from ${known.join(', ')}, got ${show(value)}`);
  }
  return make(options as never);
}

function positive(name: string, input: DecimalInput): string {
  if (!zero.isLessThan(readDecimal(name, input))) throw new SloError('INVALID_OPTION', `${name} must be more than 0, got ${show(input)}`);
  return String(input);
}

function windowed(name: string, query: string): string {
  if (!selector(name, query).includes('$window')) {
    throw new SloError('INVALID_OPTION', `${name} must count events within $window, for example [$window], got ${show(query)}`);
  }
  return query;
}

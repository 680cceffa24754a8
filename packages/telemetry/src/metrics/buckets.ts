import type { Context } from '@opentelemetry/api';
import { TelemetryError } from '../errors.ts';
import { exemplarOf } from './exemplar.ts';
import type { Exemplar, MetricSample } from './registry.ts';

/** One series of a histogram. */
export class Buckets {
  readonly bounds: Float64Array;
  /** Observations of each bucket alone; the last is of those over every bound. */
  readonly counts: Float64Array;
  /** The last measurement of each bucket in a sampled span; undefined when none are kept. */
  readonly exemplars: (Exemplar | undefined)[] | undefined;
  sum = 0;

  constructor(bounds: Float64Array, exemplars: boolean) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
    this.exemplars = exemplars ? [] : undefined;
  }

  count(value: number, within?: Context): void {
    const { bounds, counts } = this;
    const { length } = bounds;
    let index = 0;
    while (index < length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
    if (this.exemplars !== undefined) this.exemplars[index] = exemplarOf(value, within) ?? this.exemplars[index];
  }
}

/**
 * What makes the cells of a histogram.
 *
 * @throws TelemetryError `INVALID_OPTION` for bounds that are not ascending.
 */
export function createBuckets(bounds: readonly number[], exemplars: boolean): () => Buckets {
  const ascending = bounds.every((bound, index) => bound > (bounds[index - 1] ?? -Infinity) && bound !== Infinity);
  if (bounds.length === 0 || bounds.length > 100 || !ascending) {
    throw new TelemetryError('INVALID_OPTION', `buckets must be 1 to 100 finite ascending numbers, got ${JSON.stringify(bounds)}`);
  }
  const typed = Float64Array.from(bounds);
  return () => new Buckets(typed, exemplars);
}

/** The lines of one histogram series: each bucket cumulated, then sum and count. */
export function histogramSamples(name: string, labels: MetricSample['labels'], cell: Buckets): MetricSample[] {
  let cumulated = 0;
  const samples: MetricSample[] = [];
  for (const [index, le] of [...cell.bounds, '+Inf'].entries()) {
    cumulated += cell.counts[index] as number;
    samples.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: cumulated, exemplar: cell.exemplars?.[index] });
  }
  samples.push({ metricName: `${name}_sum`, labels, value: cell.sum }, { metricName: `${name}_count`, labels, value: cumulated });
  return samples;
}

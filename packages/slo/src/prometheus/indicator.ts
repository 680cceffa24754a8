import { goodRatio, SloError, type LatencySli, type RatioSli, type Sli, type Slo } from '@nines/slo';
import { checkPromql, parseSelector, selectorText, type Selector } from './promql.ts';

/** Two expressions that count the same kind of thing. */
export interface Counts {
  readonly bad: string;
  readonly total: string;
}

/**
 * How an SLI is counted in PromQL. Events come from counters, so any window can be asked for. Samples come from gauges: each evaluation of the
 * rules counts once, and a window is the sum of what was recorded.
 */
export type Indicator =
  | { readonly kind: 'events'; readonly over: (window: string) => Counts }
  | { readonly kind: 'samples'; readonly now: Counts };

/** The indicator of an objective. The selectors are checked here, before any rule is made of them. */
export function indicatorOf(slo: Slo): Indicator {
  const { sli } = slo;
  if (sli === undefined) {
    throw new SloError(
      'INVALID_OPTION',
      `objective ${JSON.stringify(slo.name)} must say what is measured (sli) before rules can be made of it, got none`,
    );
  }
  if (sli.type === 'freshness') return freshness(sli.age, sli.threshold);
  if (sli.type === 'boolean') return booleanGauge(sli.gauge);
  if (sli.type === 'time-slices') return timeSlices(events(sli.events), sli.slice, sli.sliceTarget);
  return { kind: 'events', over: events(sli) };
}

function events(sli: Exclude<Sli, { type: 'freshness' | 'boolean' | 'time-slices' }>): (window: string) => Counts {
  if (sli.type === 'ratio') return ratio(sli);
  if (sli.type === 'latency') return sli.histogramType === 'native' ? nativeHistogram(sli) : classicHistogram(sli);
  for (const part of ['bad', 'total'] as const) checkPromql(`sli.${part}`, sli[part].replaceAll('$window', '5m'));
  return (window) => orNone({ bad: `(${sli.bad.replaceAll('$window', window)})`, total: `(${sli.total.replaceAll('$window', window)})` });
}

function ratio(sli: RatioSli): (window: string) => Counts {
  const bad = selectorText(parseSelector('sli.bad', sli.bad));
  const total = selectorText(parseSelector('sli.total', sli.total));
  return (window) => orNone({ bad: increase(bad, window), total: increase(total, window) });
}

/** Without an error there is no error series; that is no bad event, not no answer. */
function orNone({ bad, total }: Counts): Counts {
  return { bad: `(${bad} or ${total} * 0)`, total };
}

/** The buckets of a histogram exist all or none, so a missing one is a wrong threshold: then there is no answer, rather than a wrong one. */
function classicHistogram(sli: LatencySli): (window: string) => Counts {
  const { bucket, count } = classicSeries(sli);
  return (window) => {
    const total = increase(selectorText(count), window);
    // Scrapes read bucket and count at slightly different times, so the difference may dip below zero.
    return { bad: `clamp_min(${total} - ${increase(selectorText(bucket), window)}, 0)`, total };
  };
}

/** The two series of a classic histogram that an SLI reads. Prometheus 3 writes whole bounds as 5.0, so both forms are asked for. */
export function classicSeries(sli: LatencySli): { readonly bucket: Selector; readonly count: Selector } {
  const { metric, matchers } = parseSelector('sli.histogram', sli.histogram);
  const bound = String(Number(sli.threshold));
  const le = /^\d+$/.test(bound)
    ? ({ label: 'le', operator: '=~', value: `${bound}(\\.0)?` } as const)
    : ({ label: 'le', operator: '=', value: bound } as const);
  return { bucket: { metric: `${metric}_bucket`, matchers: [...matchers, le] }, count: { metric: `${metric}_count`, matchers } };
}

function nativeHistogram(sli: LatencySli): (window: string) => Counts {
  const histogram = selectorText(parseSelector('sli.histogram', sli.histogram));
  return (window) => {
    const total = `histogram_count(${increase(histogram, window)})`;
    // Without an observation the fraction is not a number; then nothing was slow.
    const slow = `(1 - histogram_fraction(0, ${sli.threshold}, ${increase(histogram, window)}))`;
    return { bad: `(${total} * ${slow} and ${total} > 0 or ${total} * 0)`, total };
  };
}

function timeSlices(over: (window: string) => Counts, slice: string, sliceTarget: string): Indicator {
  const { bad, total } = over(slice);
  // 1 - sliceTarget, exactly.
  const limit = goodRatio({ total: 1, bad: sliceTarget });
  // A slice without events is good: then the first side is empty and the second says none.
  return { kind: 'samples', now: { bad: `((${bad} / (${total} > 0) > bool ${limit}) or ${total} * 0)`, total: `(${total} * 0 + 1)` } };
}

function freshness(age: string, threshold: string): Indicator {
  const gauge = selectorText(parseSelector('sli.age', age));
  return { kind: 'samples', now: { bad: `(max(${gauge}) > bool ${threshold})`, total: `(max(${gauge}) * 0 + 1)` } };
}

function booleanGauge(text: string): Indicator {
  const gauge = selectorText(parseSelector('sli.gauge', text));
  return { kind: 'samples', now: { bad: `sum(${gauge} != bool 1)`, total: `count(${gauge})` } };
}

function increase(selector: string, window: string): string {
  return `sum(increase(${selector}[${window}]))`;
}

import type { LatencySli, RatioSli, Sli } from '@nines/slo';
import { classicSeries } from './indicator.ts';
import { exampleLabels, labelsFor, opposite } from './label-example.ts';
import { labelsText, parseSelector, selectorsOf, type Matcher, type Selector } from './promql.ts';

/** What a series of a test shows: how many events of a step it counts, or what a gauge says in it. */
export type Shape = 'bad' | 'good' | 'total' | 'decoy' | 'half' | 'gauge';

/** A series of a test, without its values. */
export interface SampleSeries {
  readonly name: string;
  readonly shape: Shape;
}

/**
 * Series for the test of an SLI's rules: those that it counts, and beside each matcher one that only this matcher keeps out, so that a rule that
 * lost it is found out. Undefined for queries that nobody can make series for.
 */
export function sampleSeries(sli: Sli): readonly SampleSeries[] | undefined {
  if (sli.type === 'ratio') return ratioSeries(sli);
  if (sli.type === 'latency') return sli.histogramType === 'classic' ? histogramSeries(sli) : undefined;
  if (sli.type === 'time-slices') return sampleSeries(sli.events);
  if (sli.type === 'raw') return rawSeries(sli.bad, sli.total);
  const selector = parseSelector('gauge', sli.type === 'freshness' ? sli.age : sli.gauge);
  return [series(selector.metric, selector.matchers, 'gauge'), ...decoys(selector)];
}

function ratioSeries(sli: RatioSli): readonly SampleSeries[] | undefined {
  return countedSeries(parseSelector('sli.bad', sli.bad), parseSelector('sli.total', sli.total));
}

function rawSeries(bad: string, total: string): readonly SampleSeries[] | undefined {
  const [badSelectors, totalSelectors] = [bad, total].map((query) => selectorsOf(query.replaceAll('$window', '5m')));
  const [one, other] = [badSelectors?.[0], totalSelectors?.[0]];
  // Only a query of one counter can be understood from outside.
  const simple =
    badSelectors?.length === 1 &&
    totalSelectors?.length === 1 &&
    [bad, total].every((query) => /^\s*sum\s*\(\s*(increase|rate)\s*\([^()]*\)\s*\)\s*$/.test(query));
  return simple && one !== undefined && other !== undefined ? countedSeries(one, other) : undefined;
}

function countedSeries(bad: Selector, total: Selector): readonly SampleSeries[] | undefined {
  if (bad.metric !== total.metric) {
    return [series(bad.metric, bad.matchers, 'bad'), series(total.metric, total.matchers, 'total'), ...decoys(bad), ...decoys(total)];
  }
  const both = [...bad.matchers, ...total.matchers];
  // A good event is one of all that some matcher of the bad ones keeps out.
  const good = bad.matchers.map((matcher) => [...total.matchers, opposite(matcher)]).find((matchers) => labelsFor(matchers) !== undefined);
  if (good === undefined || labelsFor(both) === undefined) return undefined;
  return unique([
    series(bad.metric, both, 'bad'),
    series(bad.metric, good, 'good'),
    ...decoys({ metric: bad.metric, matchers: both }, good),
  ]);
}

function histogramSeries(sli: LatencySli): readonly SampleSeries[] {
  const { bucket, count } = classicSeries(sli);
  const wider = { label: 'le', operator: '=', value: '+Inf' } as const;
  const rest = count.matchers;
  return [
    series(bucket.metric, bucket.matchers, 'good'),
    series(bucket.metric, [...rest, wider], 'total'),
    series(count.metric, rest, 'total'),
    ...decoys({ metric: bucket.metric, matchers: rest }).map(({ name }) => ({
      name: name.replace(/\}$/, `,le="${String(Number(sli.threshold))}"}`),
      shape: 'half' as const,
    })),
    ...decoys(count),
  ];
}

/** For each matcher a series that satisfies all others. `except`: a series that is there already. */
function decoys({ metric, matchers }: Selector, except: readonly Matcher[] = []): SampleSeries[] {
  const there = JSON.stringify(labelsFor(except));
  return matchers.flatMap((matcher) => {
    const wrong = [...matchers.filter(({ label }) => label !== matcher.label), opposite(matcher)];
    const labels = labelsFor(wrong);
    return labels === undefined || JSON.stringify(labels) === there
      ? []
      : [{ name: `${metric}${labelsText(labels)}`, shape: 'decoy' as const }];
  });
}

function series(metric: string, matchers: readonly Matcher[], shape: Shape): SampleSeries {
  return { name: `${metric}${labelsText(exampleLabels(matchers))}`, shape };
}

function unique(list: readonly SampleSeries[]): SampleSeries[] {
  return list.filter(({ name }, index) => list.findIndex((other) => other.name === name) === index);
}

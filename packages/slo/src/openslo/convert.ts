import {
  calendar,
  defineSlo,
  rolling,
  sli,
  SloError,
  type AlertPolicy,
  type CalendarUnit,
  type LatencySli,
  type RatioSli,
  type Sli,
  type Slo,
  type SloWindow,
} from '@nines/slo';
import { openSloDuration } from './duration.ts';
import type { OpenSloDocument, OpenSloIndicatorSpec, OpenSloMetric, OpenSloSlo, OpenSloTimeWindow } from './model.ts';

/** Annotations of what OpenSLO has no word for: alert policies with two windows, and a runbook. */
const extension = {
  alerting: 'nines.slo/alerting',
  runbook: 'nines.slo/runbook',
  objective: 'nines.slo/objective',
  service: 'nines.slo/labels',
} as const;

/**
 * An objective of this package as a document of OpenSLO v1. Alerts go into the annotation `nines.slo/alerting`, because an alert condition of
 * OpenSLO has one window only.
 *
 * @param slo - an objective with `sli`; a native histogram has no form in OpenSLO
 * @returns an SLO document
 * @throws SloError `INVALID_OPTION` for what OpenSLO cannot say
 * @example
 * ```ts
 * import { defineSlo, rolling, sli } from '@nines/slo';
 * import { toOpenSlo } from '@nines/slo/openslo';
 *
 * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events });
 * console.log(toOpenSlo(slo).spec.objectives[0]); // { targetPercent: 99.9 }
 * ```
 */
export function toOpenSlo(slo: Slo): OpenSloSlo {
  if (slo.sli === undefined)
    throw new SloError('INVALID_OPTION', `objective ${JSON.stringify(slo.name)} must have an sli to be a document, got none`);
  const percent = slo.objective.endsWith('%');
  const target = percent ? { targetPercent: Number(slo.objective.slice(0, -1)) } : { target: Number(slo.objective) };
  // OpenSLO has numbers; a text such as 99.90% would come back as another one.
  const isPlain = slo.objective === (percent ? `${target.targetPercent}%` : String(target.target));
  const annotations = {
    ...(slo.alerting === undefined ? {} : { [extension.alerting]: JSON.stringify(slo.alerting) }),
    ...(slo.runbook === undefined ? {} : { [extension.runbook]: slo.runbook }),
    ...(isPlain ? {} : { [extension.objective]: slo.objective }),
  };
  const { indicator, ...objective } = indicatorOf(slo.sli);
  return {
    apiVersion: 'openslo/v1',
    kind: 'SLO',
    metadata: {
      name: slo.name,
      ...(slo.labels === undefined ? {} : { labels: slo.labels }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...(slo.description === undefined ? {} : { description: slo.description }),
      service: slo.service,
      indicator: { metadata: { name: slo.name }, spec: indicator },
      timeWindow: [timeWindowOf(slo.window)],
      budgetingMethod: slo.sli.type === 'time-slices' ? 'Timeslices' : 'Occurrences',
      objectives: [{ ...objective, ...target }],
    },
  };
}

/**
 * The objectives of documents, ready for the mathematics and for rules. Indicators that an SLO names by `indicatorRef` are looked up among them.
 *
 * @param documents - from `parseOpenSlo`
 * @returns one objective for each SLO
 * @throws SloError `INVALID_DOCUMENT`, and what `defineSlo` throws
 * @example
 * ```ts
 * import { defineSlo, rolling, sli } from '@nines/slo';
 * import { fromOpenSlo, toOpenSlo } from '@nines/slo/openslo';
 *
 * const events = sli.ratio({ bad: 'errors_total', total: 'requests_total' });
 * const slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), sli: events });
 * console.log(fromOpenSlo([toOpenSlo(slo)])[0]?.target); // 0.999
 * ```
 */
export function fromOpenSlo(documents: readonly OpenSloDocument[]): readonly Slo[] {
  return Object.freeze(documents.flatMap((document) => (document.kind === 'SLO' ? [sloOf(document, documents)] : [])));
}

/** One SLO document as an objective. */
export function sloOf(document: OpenSloSlo, documents: readonly OpenSloDocument[]): Slo {
  const { metadata, spec } = document;
  const [objective] = spec.objectives;
  const referenced = documents.find((other) => other.kind === 'SLI' && other.metadata.name === spec.indicatorRef);
  const indicator = spec.indicator?.spec ?? (referenced?.kind === 'SLI' ? referenced.spec : undefined);
  if (indicator === undefined)
    throw new SloError('INVALID_DOCUMENT', `SLO ${JSON.stringify(metadata.name)} must have an indicator, or an indicatorRef that is there`);
  const { annotations = {} } = metadata;
  const alerting = annotations[extension.alerting];
  const runbook = annotations[extension.runbook];
  const said = objective.targetPercent === undefined ? String(objective.target) : `${objective.targetPercent}%`;
  return defineSlo({
    name: metadata.name,
    service: spec.service,
    objective: annotations[extension.objective] ?? said,
    window: windowOf(spec.timeWindow[0]),
    sli: sliOf(indicator, document),
    ...(alerting === undefined ? {} : { alerting: readPolicy(alerting) }),
    ...(runbook === undefined ? {} : { runbook }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
  });
}

function readPolicy(text: string): AlertPolicy {
  try {
    return JSON.parse(text) as AlertPolicy;
  } catch (cause) {
    throw new SloError('INVALID_OPTION', `the annotation ${extension.alerting} must be JSON, got ${JSON.stringify(text.slice(0, 60))}`, {
      cause,
    });
  }
}

interface Said {
  readonly indicator: OpenSloIndicatorSpec;
  readonly op?: 'lte' | 'gte';
  readonly value?: number;
  readonly timeSliceTarget?: number;
  readonly timeSliceWindow?: string;
}

function indicatorOf(given: Sli): Said {
  if (given.type === 'ratio' || given.type === 'latency') return { indicator: countedIndicator(given) };
  if (given.type === 'raw')
    return { indicator: { ratioMetric: { counter: false, bad: metricOf(given.bad), total: metricOf(given.total) } } };
  if (given.type === 'freshness') return { indicator: { thresholdMetric: metricOf(given.age) }, op: 'lte', value: Number(given.threshold) };
  if (given.type === 'boolean') return { indicator: { thresholdMetric: metricOf(given.gauge) }, op: 'gte', value: 1 };
  const share = given.sliceTarget.endsWith('%') ? Number(given.sliceTarget.slice(0, -1)) / 100 : Number(given.sliceTarget);
  return { indicator: countedIndicator(given.events), timeSliceTarget: Number(share.toPrecision(15)), timeSliceWindow: given.slice };
}

function countedIndicator(given: RatioSli | LatencySli): OpenSloIndicatorSpec {
  if (given.type === 'ratio') return { ratioMetric: { counter: true, bad: metricOf(given.bad), total: metricOf(given.total) } };
  const match = /^(\w+)(?:\{(.*)\})?$/s.exec(given.histogram);
  if (given.histogramType === 'native' || match === null) {
    throw new SloError(
      'INVALID_OPTION',
      `OpenSLO has counters only: a latency must be a classic histogram by its name, got ${JSON.stringify(given.histogram)}`,
    );
  }
  const [, metric = '', matchers] = match;
  const good = `${metric}_bucket{${matchers === undefined ? '' : `${matchers},`}le="${given.threshold}"}`;
  return {
    ratioMetric: {
      counter: true,
      good: metricOf(good),
      total: metricOf(`${metric}_count${matchers === undefined ? '' : `{${matchers}}`}`),
    },
  };
}

function sliOf(spec: OpenSloIndicatorSpec, { spec: { budgetingMethod, objectives } }: OpenSloSlo): Sli {
  const [{ op, value, timeSliceTarget, timeSliceWindow }] = objectives;
  if (spec.thresholdMetric !== undefined) {
    const query = queryOf(spec.thresholdMetric);
    return op === 'gte' && value === 1 ? sli.boolean({ gauge: query }) : sli.freshness({ age: query, threshold: value ?? 0 });
  }
  const events = countedSli(spec);
  if (budgetingMethod === 'Occurrences' || events.type === 'raw') return events;
  return sli.timeSlices({
    events,
    sliceTarget: timeSliceTarget ?? 1,
    ...(timeSliceWindow === undefined ? {} : { slice: timeSliceWindow }),
  });
}

function countedSli({ ratioMetric }: OpenSloIndicatorSpec): RatioSli | LatencySli | Extract<Sli, { type: 'raw' }> {
  const [bad, good, total] = [ratioMetric?.bad, ratioMetric?.good, ratioMetric?.total].map((metric) =>
    metric === undefined ? '' : queryOf(metric),
  ) as [string, string, string];
  if (ratioMetric?.counter === false) return sli.raw({ bad, total });
  if (bad !== '') return sli.ratio({ bad, total });
  const bucket = /^(\w+)_bucket\{(?:(.*),)?le="([^"]+)"\}$/s.exec(good);
  const histogram = bucket === null ? '' : `${bucket[1]}${bucket[2] === undefined ? '' : `{${bucket[2]}}`}`;
  if (bucket !== null && total === histogram.replace(/^\w+/, '$&_count')) return sli.latency({ histogram, threshold: bucket[3] ?? '' });
  const count = (selector: string): string => `sum(increase(${selector}[$window]))`;
  return sli.raw({ bad: `${count(total)} - ${count(good)}`, total: count(total) });
}

function metricOf(query: string): OpenSloMetric {
  return { metricSource: { type: 'Prometheus', spec: { query } } };
}

function queryOf({ metricSource }: OpenSloMetric): string {
  return metricSource.spec.query;
}

const letters: Readonly<Record<CalendarUnit, string>> = { day: 'd', week: 'w', month: 'M', quarter: 'Q', year: 'Y' };

function timeWindowOf(window: SloWindow): OpenSloTimeWindow {
  if (window.type === 'calendar') {
    const { unit, count, startTime, timeZone } = window;
    return { duration: `${count}${letters[unit]}`, isRolling: false, calendar: { startTime, timeZone } };
  }
  if (!/^\d+[mhdw]$/.test(window.duration)) {
    throw new SloError(
      'INVALID_OPTION',
      `OpenSLO knows durations of one number and one unit, such as 30d, got ${JSON.stringify(window.duration)}`,
    );
  }
  return { duration: window.duration, isRolling: true };
}

function windowOf({ duration, isRolling, calendar: at }: OpenSloTimeWindow): SloWindow {
  const { unit, count, seconds } = openSloDuration(duration);
  if (isRolling) return rolling(/[MQY]$/.test(duration) ? `${seconds / 86_400}d` : duration);
  if (unit === 'minute' || unit === 'hour')
    throw new SloError('INVALID_DURATION', `a calendar window must be of d, w, M, Q or Y, got ${JSON.stringify(duration)}`);
  return calendar({ unit, count, ...(at === undefined ? {} : { startTime: at.startTime, timeZone: at.timeZone }) });
}

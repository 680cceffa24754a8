import { defineSlo, googleSre, rolling, sli, type AlertPolicy, type Slo } from '@nines/slo';
import { outage, type EventHistory, type Outage } from '@nines/slo/simulate';
import { stringify } from 'yaml';
import { ruleGroups } from '@nines/slo/prometheus';
import type { FiringCase } from './promtool-firings.ts';

/** Two pairs, shortened so that a whole test is 110 evaluations of 15 s: promtool takes about a millisecond for each. */
export const shortened: AlertPolicy = googleSre({
  windows: [
    { severity: 'page', longWindow: '3m', shortWindow: '30s', factor: 14.4 },
    { severity: 'ticket', longWindow: '8m', shortWindow: '1m', factor: 3, for: '30s' },
  ],
});

/** An objective with selectors whose series the cases give. */
export function countedSlo(objective: string, alerting: AlertPolicy): Slo {
  return defineSlo({
    name: 'availability',
    service: 'api',
    objective,
    window: rolling('30d'),
    alerting,
    sli: sli.ratio({ bad: 'failures_total', total: 'events_total' }),
  });
}

/** An outage of any shape, from mild to total; times are whole seconds. `unit` is a short while in that world. */
export function anyOutage(random: () => number, unit: number, budget: number): Outage {
  const seconds = (least: number, most: number) => `${Math.round(unit * (least + (most - least) * random()))}s`;
  const place = { at: seconds(9, 12), lasting: seconds(1, 12) };
  // Error ratios spread over the thresholds, evenly in their logarithm.
  const errorRatio = Number(Math.min(1, budget * 4 * 250 ** random()).toPrecision(4));
  switch (Math.floor(random() * 5)) {
    case 0:
      return outage.step({ ...place, errorRatio });
    case 1:
      return outage.ramp({ ...place, errorRatio });
    case 2:
      return outage.spike({ ...place, errorRatio });
    case 3:
      return outage.flapping({ ...place, errorRatio, period: seconds(1, 5), duty: Number((0.2 + 0.6 * random()).toFixed(2)) });
    default:
      return outage.slowBurn({ ...place, burnRate: Number((4 * 10 ** random()).toPrecision(4)) });
  }
}

/** The rules of an objective as promtool reads them. */
export function rulesText(slo: Slo): string {
  return stringify({ groups: ruleGroups(slo) });
}

/** The counters of a simulation as promtool's series. */
export function caseOf({ total, bad }: EventHistory): FiringCase {
  return { evaluations: total.length, series: { events_total: [...total].map(String), failures_total: [...bad].map(String) } };
}

/** Counters with everything that goes wrong with counters; a reading for each evaluation. */
export function messyCase(random: () => number, evaluations: number): FiringCase {
  const series: Record<string, string[]> = {};
  const outage = { from: evaluations * (0.3 + 0.2 * random()), to: evaluations * (0.5 + 0.4 * random()), ratio: 0.01 * 100 ** random() };
  for (const instance of ['a', 'b', 'c']) {
    const late = random() < 0.4 ? Math.floor(evaluations * 0.4 * random()) : 0;
    const early = random() < 0.3 ? Math.floor(evaluations * (0.6 + 0.4 * random())) : evaluations;
    const counts = { events: 1_000 * random(), failures: 10 * random() };
    const rows: Record<'events' | 'failures', string[]> = { events: [], failures: [] };
    const never = random() < 0.2;
    for (let at = 0; at < evaluations; at++) {
      const ratio = at >= outage.from && at < outage.to ? outage.ratio : 0.0005;
      const events = Math.floor(200 * random());
      const failed = Math.min(events, Math.floor(events * ratio * 2 * random() + random() * 0.2));
      if (random() < 0.01) Object.assign(counts, { events: 0, failures: 0 });
      counts.events += events;
      counts.failures += failed;
      const fault = random();
      for (const kind of ['events', 'failures'] as const) {
        const there = at >= late && at < early && !(kind === 'failures' && never);
        rows[kind].push(!there ? '_' : fault < 0.02 ? '_' : fault < 0.025 ? 'stale' : fault < 0.027 ? 'NaN' : String(counts[kind]));
      }
    }
    for (const kind of ['events', 'failures'] as const) {
      if (rows[kind].some((value) => value !== '_')) series[`${kind}_total{instance="${instance}"}`] = rows[kind];
    }
  }
  return { series, evaluations };
}

/** What Prometheus's `query_range` answers for the series of a case that begin with `name`; what is missing or stale is not in it. */
export function recorded({ series }: FiringCase, stepSeconds: number, name: string): object {
  const result = Object.entries(series)
    .filter(([selector]) => selector.startsWith(name))
    .map(([selector, values]) => ({
      metric: { selector },
      values: values.flatMap((value, index) => (value === '_' || value === 'stale' ? [] : [[index * stepSeconds, value]])),
    }));
  return { status: 'success', data: { resultType: 'matrix', result } };
}

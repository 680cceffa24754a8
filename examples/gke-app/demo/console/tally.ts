import type { Slo } from '@nines/slo';
import { readSelector, sumOf, type Samples, type Selector } from './exposition.ts';
import type { Percentiles } from './protocol.ts';

/** Counters by a short name of ours; every one of them only grows while its process lives. */
export type Tally = ReadonlyMap<string, number>;

export type Histogram = 'accept' | 'wait' | 'attempt';

const QUEUE = 'queue="deliveries"';

const COUNTERS: Readonly<Record<string, Selector>> = {
  in: readSelector('messaging_client_sent_messages_total{messaging_destination_name="deliveries",error_type=""}'),
  refused: readSelector('http_server_request_duration_seconds_count{http_route="/process",http_response_status_code=~"4..|5.."}'),
  out: readSelector(`nines_queue_attempts_total{${QUEUE},outcome="completed"}`),
  failed: readSelector(`nines_queue_attempts_total{${QUEUE},outcome=~"retried|dead-lettered"}`),
};

const HISTOGRAMS: Readonly<Record<Histogram, Selector>> = {
  accept: readSelector('http_server_request_duration_seconds_bucket{http_route="/process",http_response_status_code="202"}'),
  wait: readSelector(`nines_queue_wait_duration_seconds_bucket{${QUEUE}}`),
  attempt: readSelector('messaging_process_duration_seconds_bucket{messaging_destination_name="deliveries"}'),
};

/** What the counters of one process say now. */
export function tallyOf(samples: Samples, objectives: readonly Slo[]): Tally {
  const tally = new Map(Object.entries(COUNTERS).map(([name, selector]) => [name, sumOf(samples, selector)]));
  for (const [name, { name: metric, matches }] of Object.entries(HISTOGRAMS)) {
    for (const { labels, value } of samples.get(metric) ?? []) {
      if (!matches(labels)) continue;
      const key = `${name} ${labels['le']}`;
      tally.set(key, (tally.get(key) ?? 0) + value);
    }
  }
  for (const slo of objectives) {
    const { bad, total } = eventsOf(samples, slo);
    tally.set(`bad ${slo.name}`, bad).set(`total ${slo.name}`, total);
  }
  return tally;
}

/** The events of an objective as its SLI counts them; none for an SLI that is not made of counters. */
function eventsOf(samples: Samples, { sli }: Slo): { readonly bad: number; readonly total: number } {
  if (sli?.type === 'ratio') return { bad: sumOf(samples, readSelector(sli.bad)), total: sumOf(samples, readSelector(sli.total)) };
  if (sli?.type !== 'latency' || sli.histogramType !== 'classic') return { bad: 0, total: 0 };
  const { name, matches } = readSelector(sli.histogram);
  const total = sumOf(samples, { name: `${name}_count`, matches });
  const bound = Number(sli.threshold);
  const good = sumOf(samples, { name: `${name}_bucket`, matches: (labels) => matches(labels) && Number(labels['le']) === bound });
  return { bad: Math.max(0, total - good), total };
}

/** The sum over processes; one that is gone goes on counting with what it said last. */
export function sumTallies(tallies: Iterable<Tally>): Tally {
  const sum = new Map<string, number>();
  for (const tally of tallies) for (const [key, value] of tally) sum.set(key, (sum.get(key) ?? 0) + value);
  return sum;
}

/** What was counted between two moments. */
export function increase(later: Tally, earlier: Tally): Tally {
  return new Map([...later].map(([key, value]) => [key, Math.max(0, value - (earlier.get(key) ?? 0))]));
}

/** Quantiles of what a histogram saw, interpolated inside a bucket as Prometheus does. */
export function percentilesOf(tally: Tally, histogram: Histogram): Percentiles {
  const buckets = [...tally]
    .filter(([key]) => key.startsWith(`${histogram} `))
    .map(([key, count]) => ({ bound: bound(key.slice(histogram.length + 1)), count }))
    .sort((a, b) => a.bound - b.bound);
  const finite = buckets.filter(({ bound }) => Number.isFinite(bound));
  const [floor, ceiling] = [finite[0]?.bound ?? 0, finite.at(-1)?.bound ?? 0];
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return { floor, ceiling };
  const quantile = (share: number): number => {
    const rank = share * total;
    const at = buckets.findIndex(({ count }) => count >= rank);
    const { bound: upper, count } = buckets[at]!;
    if (!Number.isFinite(upper)) return ceiling;
    const { bound: lower, count: below } = buckets[at - 1] ?? { bound: 0, count: 0 };
    return lower + (upper - lower) * ((rank - below) / Math.max(1, count - below));
  };
  return { floor, ceiling, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}

function bound(le: string): number {
  return le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
}

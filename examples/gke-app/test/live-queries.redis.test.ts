import { expect, inject, onTestFinished, test } from 'vitest';
import type { RuleGroup } from '@nines/slo/prometheus';
import { committedGroups, committedQueries, type CommittedQuery } from '../../../tools/queries/committed.ts';
import { LiveQueries } from '../../../tools/queries/live.ts';
import { withoutThresholds } from '../../../tools/queries/promql.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { startPrometheus } from '../demo/prometheus/start.ts';
import { troubledSystem } from './troubled-system.ts';

const program = onPath('prometheus');

/** What cannot happen to a system that is as it was written, and why. */
const NEVER: Readonly<Record<string, string>> = {
  'telemetry_collector_up == 0': 'no collector of the example throws; that a scrape writes it is tested in @nines/telemetry',
};

/** What takes longer than a test may: asked without its threshold. */
const SLOW: Readonly<Record<string, string>> = {
  'max(nines_queue_oldest_age_seconds{queue="deliveries"}) > 60': 'a job would have to wait for more than a minute',
};

/** Mistakes that are easily made, each in a query that is right without it. */
const MISTAKES: readonly (readonly [query: string, unknown: readonly string[]])[] = [
  ['sum(rate(http_server_requests_duration_seconds_count{http_route="/process"}[5m]))', ['http_server_requests_duration_seconds_count']],
  ['sum by (outcomes) (rate(nines_queue_attempts_total[5m]))', ['outcomes']],
  ['nines_queue_jobs{queue_name="deliveries"}', ['queue_name']],
  ['slo:error_ratio{slo="latency"} and ignoring(window) slo:objective:ratio', ['window']],
  ['max by (pipeline) (resilience_circuit_breaker{state="open"}) > 0', ['resilience_circuit_breaker']],
];

test('every query of dashboards, rules and runbooks returns data on a live Prometheus', { timeout: 240_000 }, async ({ skip }) => {
  if (program === undefined) skip('prometheus is missing: install the package prometheus of your system');
  const { system, troubles } = await troubledSystem(inject('redisUrl'));
  const prometheus = await startPrometheus({ program: program ?? '', groups: committedGroups() as readonly RuleGroup[], scrapeMs: 1000 });
  onTestFinished(() => prometheus.stop());
  await prometheus.scrape([system.api, ...system.workers].map((child) => ({ name: child.name, url: system.probesUrl(child) })));
  const live = new LiveQueries(prometheus.url);
  const queries = committedQueries();

  let empty = queries;
  for (const { name, happen, again, seen, mend } of troubles) {
    await happen();
    await expect.poll(async () => (await again?.(), live.count(seen)), { message: name, interval: 250 }).toBeGreaterThan(0);
    const left = await live.empty(empty);
    console.log(`${name}: ${empty.length - left.length} more queries returned data`);
    empty = left;
    await mend?.();
  }
  console.log(table(queries, empty));
  expect(empty.filter(({ query }) => !(query in SLOW) && !(query in NEVER))).toEqual([]);
  for (const query of Object.keys(SLOW)) expect(await live.count(withoutThresholds(query)), query).toBe(1);

  const unknown = await Promise.all(queries.filter(({ query }) => !(query in NEVER)).map(({ query }) => live.unknownNames(query)));
  expect([...new Set(unknown.flat())]).toEqual([]);
  for (const [query, names] of MISTAKES) expect(await live.unknownNames(query), query).toEqual(names);
  expect(await live.count('nines_queue_jobs{queue="delivery"}'), 'a value that is misspelt').toBe(0);
});

/** How many queries of each kind there are, and how many of them returned nothing. */
function table(queries: readonly CommittedQuery[], empty: readonly CommittedQuery[]): string {
  const kinds = [...new Set(queries.map(({ kind }) => kind))];
  const count = (all: readonly CommittedQuery[], kind: string) => all.filter((one) => one.kind === kind).length;
  const rows = kinds.map(
    (kind) => `${kind.padEnd(16)}${String(count(queries, kind)).padStart(8)}${String(count(empty, kind)).padStart(8)}`,
  );
  const reasons = empty.map(({ where, query }) => `  ${where}: ${NEVER[query] ?? SLOW[query] ?? query}`);
  return [`${'query of a'.padEnd(16)}${'queries'.padStart(8)}${'empty'.padStart(8)}`, ...rows, ...reasons].join('\n');
}

import type { Bench, BenchOptions } from '../bench.ts';
import { type Row, table } from '../summary.ts';
import { measure } from './measure.ts';
import type { Scenario } from './scenario.ts';
import { activeScenarios } from './scenarios/active.ts';
import { crashScenarios } from './scenarios/crash.ts';
import { idleScenarios } from './scenarios/idle.ts';
import { latencyScenarios } from './scenarios/latency.ts';
import { serviceScenarios } from './scenarios/service.ts';
import { storageScenarios } from './scenarios/storage.ts';
import { throughputScenarios } from './scenarios/throughput.ts';
import { tracingScenarios } from './scenarios/tracing.ts';

const scenarios: readonly Scenario[] = [
  ...throughputScenarios,
  ...latencyScenarios,
  ...storageScenarios,
  ...activeScenarios,
  ...idleScenarios,
  ...tracingScenarios,
  ...serviceScenarios,
  ...crashScenarios,
];

/** What was changed from the shipped defaults, printed beside the figures. */
const CHANGED =
  'Changed from defaults: nines maxWaiting 10 000 000, a metrics registry handed in; bullmq removeOnComplete, attempts 5 with backoff; ' +
  'bee-queue removeOnSuccess, no events, four retries with backoff, stalled jobs looked for; groupmq five attempts.\n' +
  'The ratio is to bullmq; the verdict compares the median with the goal.';

async function measureAll(options: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of scenarios.filter(({ name }) => options.only === undefined || name.includes(options.only))) {
    rows.push(...(await measure(scenario, options)));
  }
  return rows;
}

export const queueBench: Bench = {
  about: '@nines/queue, bullmq, bee-queue and groupmq side by side: separate processes, the same Redis, by turns',
  async measure(options) {
    const rows = await measureAll(options);
    const goals = rows.filter(({ goal }) => goal !== undefined).length;
    const missed = rows.filter(({ verdict }) => verdict === 'missed').length;
    return { tables: [CHANGED, table(rows), `${goals} goals, ${missed} missed`], json: { rows } };
  },
};

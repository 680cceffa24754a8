import type { Row } from '../summary.ts';
import { measure, type MeasureOptions } from './measure.ts';
import type { Scenario } from './scenario.ts';
import { activeScenarios } from './scenarios/active.ts';
import { crashScenarios } from './scenarios/crash.ts';
import { idleScenarios } from './scenarios/idle.ts';
import { latencyScenarios } from './scenarios/latency.ts';
import { serviceScenarios } from './scenarios/service.ts';
import { storageScenarios } from './scenarios/storage.ts';
import { throughputScenarios } from './scenarios/throughput.ts';
import { tracingScenarios } from './scenarios/tracing.ts';

export interface QueueBenchOptions extends MeasureOptions {
  readonly only: string | undefined;
}

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

/** Measures each scenario side by side, the peers by turns, and gives back medians, ranges, ratios and goals. */
export async function benchQueue(options: QueueBenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of scenarios.filter(({ name }) => options.only === undefined || name.includes(options.only))) {
    rows.push(...(await measure(scenario, options)));
  }
  return rows;
}

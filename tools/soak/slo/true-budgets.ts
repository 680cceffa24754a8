import { budgetConsumed, defineSlo, rolling, sli, type Slo } from '@nines/slo';
import { generateRules, type Layout } from '@nines/slo/prometheus';
import { stringify } from 'yaml';
import { RuleFolder, testRules } from './promtool.ts';

/** What happened in a minute. */
interface Minute {
  readonly good: number;
  readonly bad: number;
}

/** One process and what it counted: from which minute on, and where it started again from nothing. */
interface Instance {
  readonly name: string;
  readonly from: number;
  readonly minutes: readonly Minute[];
  /** Minutes at which the process restarts and its counters with it. */
  readonly resets?: readonly number[];
  /** Whether the error counter is there before the first error. */
  readonly errorsFromStart?: boolean;
}

/** A history with its true numbers. */
export interface BudgetScenario {
  readonly name: string;
  readonly instances: readonly Instance[];
}

/** The budget that the rules recorded, beside the true one: both as a share of the budget. */
export interface BudgetReading {
  readonly name: string;
  readonly truth: number;
  readonly recorded: number;
}

const hours = 12;
const length = hours * 60;

const slo: Slo = defineSlo({
  name: 'budget',
  service: 'api',
  objective: '99%',
  window: rolling(`${hours}h`),
  sli: sli.ratio({ bad: 'requests_total{outcome="error"}', total: 'requests_total' }),
});

const minutes = (count: number, of: (minute: number) => Minute): Minute[] => Array.from({ length: count }, (_, minute) => of(minute));

/**
 * The histories that break recorded ratios: silence, no error series, bursts, a counter that starts again, a process that is replaced. None has its
 * burst in the first or last five minutes: those enter and leave the counts bit by bit, which is a hundredth of a per cent of 30 days.
 */
export const budgetScenarios: readonly BudgetScenario[] = [
  {
    name: 'quiet',
    instances: [
      one(
        minutes(length, (at) =>
          at < 60 ? { good: 100, bad: 0 } : at < 240 ? { good: 97, bad: 3 } : at < 600 ? { good: 0, bad: 0 } : { good: 100, bad: 0 },
        ),
      ),
    ],
  },
  {
    name: 'absent error series',
    instances: [
      { ...one(minutes(length, (at) => (at < 500 || at >= 680 ? { good: 100, bad: 0 } : { good: 96, bad: 4 }))), errorsFromStart: false },
    ],
  },
  { name: 'no error ever', instances: [{ ...one(minutes(length, () => ({ good: 100, bad: 0 }))), errorsFromStart: false }] },
  {
    name: 'bursty',
    instances: [
      one(minutes(length, (at) => (at % 45 < 2 ? { good: 4_900, bad: 60 } : { good: at % 7 === 0 ? 1 : 0, bad: at % 91 === 0 ? 1 : 0 }))),
    ],
  },
  {
    name: 'counter reset',
    instances: [{ ...one(minutes(length, (at) => ({ good: 99, bad: at % 3 === 0 ? 2 : 0 }))), resets: [200, 401, 402, 666] }],
  },
  {
    name: 'restart',
    instances: [
      { name: 'a', from: 0, minutes: minutes(360, (at) => ({ good: 98, bad: at % 60 === 30 ? 9 : 1 })) },
      { name: 'b', from: 358, minutes: minutes(length - 358, () => ({ good: 99, bad: 1 })) },
    ],
  },
];

function one(list: readonly Minute[]): Instance {
  return { name: 'a', from: 0, minutes: list };
}

/** Has promtool evaluate the rules over each history, and reads what they recorded at its end. */
export async function readBudgets(layout: Layout, scenarios: readonly BudgetScenario[] = budgetScenarios): Promise<BudgetReading[]> {
  using folder = new RuleFolder();
  const rules = generateRules([slo], { layout }).find(({ path }) => path.endsWith('.rules.yaml'));
  folder.write('rules.yaml', rules?.text ?? '');
  const series = layout === 'robust' ? 'slo:error_budget_remaining:ratio' : 'slo:period_error_budget_remaining:ratio';
  const order = [...(rules?.text ?? '').matchAll(/^ {2}- name: (.*)$/gm)].map(([, name]) => name);
  const tests = scenarios.map((scenario, index) =>
    folder.write(
      `${index}.test.yaml`,
      stringify({
        rule_files: ['rules.yaml'],
        evaluation_interval: '1m',
        group_eval_order: order,
        // A value that it cannot have, so that promtool says which it has.
        tests: [
          {
            interval: '1m',
            input_series: inputOf(scenario),
            promql_expr_test: [{ expr: `1 - sum(${series})`, eval_time: `${length}m`, exp_samples: [{ labels: '{}', value: 1e9 }] }],
          },
        ],
      }),
    ),
  );
  const results = await testRules(folder, tests);
  return scenarios.map((scenario, index) => {
    const got = /got:\s*\{\} (\S+)/.exec(results.get(tests[index] ?? '') ?? '')?.[1];
    return { name: scenario.name, truth: truthOf(scenario), recorded: got === undefined ? Number.NaN : Number(got) };
  });
}

function truthOf({ instances }: BudgetScenario): number {
  const all = instances.flatMap((instance) => instance.minutes);
  const bad = all.reduce((sum, minute) => sum + minute.bad, 0);
  return budgetConsumed(slo, { bad, total: all.reduce((sum, minute) => sum + minute.good, bad) });
}

/** Each process exports its two counters once a minute. Where it is not, promtool writes `_`; where it was and is no more, `stale`. */
function inputOf({ instances }: BudgetScenario): { series: string; values: string }[] {
  return instances.flatMap((instance) =>
    (['good', 'bad'] as const).flatMap((outcome) => {
      const values = valuesOf(instance, outcome);
      return values === undefined
        ? []
        : [{ series: `requests_total{outcome="${outcome === 'bad' ? 'error' : 'ok'}",pod="${instance.name}"}`, values }];
    }),
  );
}

function valuesOf({ from, minutes: list, resets = [], errorsFromStart = true }: Instance, outcome: 'good' | 'bad'): string | undefined {
  let value = 0;
  const values: string[] = from === 0 ? [] : [`_x${from}`];
  const hidden = (): boolean => outcome === 'bad' && !errorsFromStart && value === 0;
  values.push(hidden() ? '_' : '0');
  for (const [minute, counted] of list.entries()) {
    value = (resets.includes(minute) ? 0 : value) + counted[outcome];
    values.push(hidden() ? '_' : String(value));
  }
  if (values.every((text) => text.startsWith('_'))) return undefined;
  return from + list.length < length ? `${values.join(' ')} stale` : values.join(' ');
}

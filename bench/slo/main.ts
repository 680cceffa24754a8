import { defineSlo, googleSre, rolling, type Slo } from '@nines/slo';
import { backtest, type QueryRangeAnswer } from '@nines/slo/backtest';
import { simulate, outage, traffic } from '@nines/slo/simulate';
import { aligned, middle } from '../columns.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import type { SloFigure } from './figure.ts';
import { lowTraffic } from './low-traffic.ts';

const slo: Slo = defineSlo({ name: 'availability', service: 'api', objective: '99.9%', window: rolling('30d'), alerting: googleSre() });
const outages = [outage.step({ at: '5d', lasting: '40m', errorRatio: '10%' }), outage.slowBurn({ at: '20d', lasting: '2d', burnRate: 2 })];

interface Timing {
  readonly what: string;
  readonly goalMs: number;
  readonly once: () => unknown;
}

function timings(): Timing[] {
  const models = { constant: traffic.constant({ perSecond: 10 }), bursty: traffic.bursty({ perSecond: 10 }) };
  const { history } = simulate(slo, { outages, background: '0.01%' });
  const recording = { total: recorded(history.total), bad: recorded(history.bad) };
  const inMilliseconds = (model: keyof typeof models, seed: number) =>
    simulate(slo, { outages, traffic: models[model], background: '0.01%', seed });
  let seed = 0;
  return [
    { what: 'simulate 30 d at 1 min, 4 pairs, constant traffic', goalMs: 50, once: () => inMilliseconds('constant', ++seed) },
    { what: 'simulate 30 d at 1 min, 4 pairs, bursty traffic', goalMs: 50, once: () => inMilliseconds('bursty', ++seed) },
    { what: 'backtest 30 d at 1 min, 4 pairs, 6 series', goalMs: 1_000, once: () => backtest(slo, recording) },
  ];
}

/** A counter as three instances would have counted it, in the form of a saved answer. */
function recorded(counter: Float64Array): QueryRangeAnswer {
  const instance = (name: string) => ({
    metric: { instance: name },
    values: Array.from(counter, (count, index) => [1_700_000_000 + index * 60, String(count)]),
  });
  return { status: 'success', data: { resultType: 'matrix', result: ['a', 'b', 'c'].map(instance) } };
}

/** Times and statistics of `@nines/slo`, each beside its goal. */
function figuresOf({ runs, quick, only, progress }: BenchOptions): SloFigure[] {
  const wanted = (what: string) => only === undefined || what.includes(only);
  const figures: SloFigure[] = [];
  for (const { what, goalMs, once } of timings().filter((one) => wanted(one.what))) {
    once();
    const taken = Array.from({ length: runs }, () => {
      const start = performance.now();
      once();
      return performance.now() - start;
    });
    const spread = spreadOf(taken);
    figures.push({ what, unit: 'ms', goal: `< ${goalMs}`, ...spread, reached: spread.median < goalMs });
    progress(`${what}: ${spread.median.toFixed(1)} ms`);
  }
  if (wanted('low traffic')) figures.push(...lowTraffic(quick ? 20 : 400, progress));
  return figures;
}

function spreadOf(values: readonly number[]): Pick<SloFigure, 'median' | 'min' | 'max'> {
  return { median: middle(values), min: Math.min(...values), max: Math.max(...values) };
}

/** A table for people. */
function figureTable(figures: readonly SloFigure[]): string {
  const round = (value: number) => String(Number(value.toPrecision(3)));
  const rows = figures.map(({ what, unit, goal, median, min, max, reached }) => [
    what,
    min === max ? `${round(median)} ${unit}` : `${round(median)} (${round(min)}–${round(max)}) ${unit}`,
    goal,
    reached ? 'reached' : 'missed',
  ]);
  return aligned([['', 'median (range)', 'goal', ''], ...rows]);
}

export const sloBench: Bench = {
  about: 'simulator, backtest and alerts for few events, each beside its goal',
  measure(options) {
    const rows = figuresOf(options);
    return Promise.resolve({ tables: [figureTable(rows)], json: { rows } });
  },
};

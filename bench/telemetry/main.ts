import type { Bench, BenchOptions } from '../bench.ts';
import { aligned, middle } from '../columns.ts';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { calls } from './calls.ts';
import { costOfRequest } from './servers.ts';
import { durationOf, prepareStarts } from './starts.ts';

/** One row: what it costs over all runs, and its goal. */
export interface TelemetryRow {
  readonly what: string;
  readonly of: 'nines' | 'peer';
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly goal: string | undefined;
  readonly met: boolean | undefined;
}

/** One thing to be measured, once a round. */
interface Measured {
  readonly what: string;
  readonly of: 'nines' | 'peer';
  readonly unit: string;
  readonly goal?: number | undefined;
  readonly measure: () => Promise<number>;
  readonly values: number[];
}

const run = promisify(execFile);
const callScript = fileURLToPath(new URL('call-process.ts', import.meta.url));
const requestKinds: readonly (readonly [string, 'nines' | 'peer', number?])[] = [
  ['RED', 'nines', 3],
  ['all', 'nines', 30],
  ['usual RED', 'peer'],
  ['usual all', 'peer'],
];

function callRows(count: number): Measured[] {
  return calls.map(({ name, of, goalNs }, index) => ({
    what: name,
    of,
    unit: 'ns',
    goal: goalNs,
    measure: async () =>
      Number((await run(process.execPath, ['--conditions=@nines/source', callScript, String(index), String(count)])).stdout),
    values: [],
  }));
}

/** Each request row is what it costs more than the bare server of the same round. */
function requestRows(count: number): Measured[] {
  return requestKinds.map(([kind, of, goal]) => ({
    what: `a request, ${kind}: more than bare`,
    of,
    unit: 'µs',
    goal,
    measure: async () => {
      const bare = await costOfRequest('bare', count);
      return (await costOfRequest(kind, count)) - bare;
    },
    values: [],
  }));
}

const waitScript = fileURLToPath(new URL('waits-process.ts', import.meta.url));
const waits = [
  ['readyMs', '/readyz with a hung dependency, 99th percentile', 10],
  ['idleMs', 'event-loop lag of an idle process, upper bound of the median', 1],
  ['blockMs', 'seen of a block of 200 ms right after a scrape', undefined],
] as const;

function waitRows(count: number): Measured[] {
  return waits.map(([field, what, goal]) => ({
    what,
    of: 'nines',
    unit: 'ms',
    goal,
    measure: async () => {
      const { stdout } = await run(process.execPath, ['--conditions=@nines/source', waitScript, String(count)], {
        env: { PATH: process.env['PATH'] ?? '', OTEL_SDK_DISABLED: 'true' },
      });
      return (JSON.parse(stdout) as Record<string, number>)[field] as number;
    },
    values: [],
  }));
}

function summarised({ what, of, unit, goal, values }: Measured): TelemetryRow {
  const median = middle(values);
  const shown = goal === undefined ? undefined : `≤ ${goal} ${unit}`;
  return {
    what,
    of,
    unit,
    median,
    min: Math.min(...values),
    max: Math.max(...values),
    goal: shown,
    met: goal === undefined ? undefined : median <= goal,
  };
}

/** A line inside a span against pino's own line without a trace. */
function lineRatios(rows: readonly TelemetryRow[]): TelemetryRow[] {
  const plain = rows.find(({ what }) => what === 'pino: a line, no trace');
  if (plain === undefined) return [];
  return rows.flatMap(({ what, of, median: cost }) => {
    if (!what.includes('inside a span')) return [];
    const more = (cost / plain.median - 1) * 100;
    const goal = of === 'nines' ? { goal: '≤ 25 %', met: more <= 25 } : { goal: undefined, met: undefined };
    return [{ what: `${what}: more than pino's line`, of, unit: '%', median: more, min: more, max: more, ...goal }];
  });
}

/** Everything in turn, then all again: what disturbs the machine for a while disturbs all of it. */
async function rowsOf({ runs, quick, only, progress }: BenchOptions): Promise<TelemetryRow[]> {
  const prepared = await prepareStarts();
  try {
    const startRows = prepared.starts.map(({ name, of, goalMs, file, env }) => ({
      what: `start and end of a process, ${name}: more than empty`,
      of,
      unit: 'ms',
      goal: goalMs,
      measure: async () => (await durationOf(file, env)) - (await durationOf(prepared.empty, {})),
      values: [] as number[],
    }));
    const all: Measured[] = [
      ...callRows(quick ? 50_000 : 1_000_000),
      ...requestRows(quick ? 2000 : 20_000),
      ...waitRows(quick ? 100 : 1000),
      ...startRows,
    ];
    const chosen = all.filter(({ what }) => only === undefined || what.includes(only));
    for (let round = 1; round <= runs; round++) {
      for (const { what, unit, measure, values } of chosen) {
        values.push(await measure());
        progress(`${round}/${runs} ${what}: ${values.at(-1)?.toPrecision(3)} ${unit}`);
      }
    }
    const rows = chosen.map(summarised);
    return [...rows, ...lineRatios(rows)];
  } finally {
    prepared.remove();
  }
}

/** Rows as cells of a table. */
function telemetryCells(rows: readonly TelemetryRow[]): string[][] {
  const number = (value: number) => String(Number(value.toPrecision(3)));
  return [
    ['', 'of', 'median (range)', 'goal'],
    ...rows.map(({ what, of, unit, median: middle, min, max, goal, met }) => [
      what,
      of,
      `${number(middle)} (${number(min)}–${number(max)}) ${unit}`,
      goal === undefined ? '' : met === true ? goal : `${goal}, missed`,
    ]),
  ];
}

export const telemetryBench: Bench = {
  about: '@nines/telemetry, prom-client, its successor, pino and the usual OpenTelemetry set-up; needs npm run build',
  async measure(options) {
    const rows = await rowsOf(options);
    return { tables: [aligned(telemetryCells(rows))], json: { rows } };
  },
};

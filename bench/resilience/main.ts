import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scenarios } from './all.ts';
import type { Bench, BenchOptions } from '../bench.ts';
import { aligned, middle } from '../columns.ts';
import { benchMemory, memoryRows } from './memory.ts';
import { ratioRows, ratios } from './ratios.ts';
import type { CallCost } from './cost.ts';
import type { Scenario } from './scenarios.ts';

const CALLS = 1_000_000;
const run = promisify(execFile);
const script = fileURLToPath(new URL('process.ts', import.meta.url));

async function measure(index: number, calls: number): Promise<number> {
  const { stdout } = await run(process.execPath, ['--conditions=@nines/source', script, String(index), String(calls)]);
  return Number(stdout);
}

function cost({ name, of, goalNs }: Scenario, measured: readonly number[]): CallCost {
  return { what: name, of, goalNs, median: middle(measured), min: Math.min(...measured), max: Math.max(...measured) };
}

/** Every scenario in turn, then all again: what disturbs the machine for a while disturbs all of them. */
async function benchCalls({ runs, quick, only, progress }: BenchOptions): Promise<CallCost[]> {
  const chosen = scenarios.map((scenario, index) => ({ scenario, index, measured: [] as number[] }));
  const kept = chosen.filter(({ scenario }) => only === undefined || scenario.name.includes(only));
  for (let round = 1; round <= runs; round++) {
    for (const { scenario, index, measured } of kept) {
      measured.push(await measure(index, quick ? CALLS / 20 : CALLS));
      progress(`${round}/${runs} ${scenario.name}: ${measured.at(-1)} ns`);
    }
  }
  return kept.map(({ scenario, measured }) => cost(scenario, measured));
}

/** A table for people. */
function costTable(costs: readonly CallCost[]): string {
  const rows = costs.map(({ what, of, goalNs, median, min, max }) => [
    of,
    what,
    `${median} (${min}–${max})`,
    goalNs === undefined ? '' : `≤ ${goalNs}${median <= goalNs ? '' : ', missed'}`,
  ]);
  return aligned([['', 'CPU ns a call', 'median (range)', 'goal'], ...rows]);
}

export const resilienceBench: Bench = {
  about: '@nines/resilience, opossum, p-retry and cockatiel side by side: CPU time of a call and memory of a breaker',
  async measure(options) {
    const costs = await benchCalls(options);
    const memory = options.only === undefined ? await benchMemory(options.runs, options.progress) : [];
    const times = ratios(costs);
    const tables = [costTable(costs)];
    if (times.length > 0) tables.push(aligned(ratioRows(times)));
    if (memory.length > 0) tables.push(aligned(memoryRows(memory)));
    return { tables, json: { rows: costs, ratios: times, memory } };
  },
};

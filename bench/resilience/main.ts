import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scenarios } from './all.ts';
import { aligned, middle } from './median.ts';
import type { Scenario } from './scenarios.ts';

export interface ResilienceBenchOptions {
  readonly runs: number;
  readonly quick: boolean;
  readonly only: string | undefined;
  readonly progress: (line: string) => void;
}

/** CPU nanoseconds a call. */
export interface CallCost {
  readonly what: string;
  readonly of: Scenario['of'];
  readonly goalNs: number | undefined;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

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
export async function benchResilience({ runs, quick, only, progress }: ResilienceBenchOptions): Promise<CallCost[]> {
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
export function costTable(costs: readonly CallCost[]): string {
  const rows = costs.map(({ what, of, goalNs, median, min, max }) => [
    of,
    what,
    `${median} (${min}–${max})`,
    goalNs === undefined ? '' : `≤ ${goalNs}${median <= goalNs ? '' : ', missed'}`,
  ]);
  return aligned([['', 'CPU ns a call', 'median (range)', 'goal'], ...rows]);
}

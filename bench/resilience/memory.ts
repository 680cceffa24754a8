import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { middle } from '../columns.ts';

/** What one breaker holds. */
export interface BreakerMemory {
  readonly what: string;
  /** Median of the runs. */
  readonly bytes: number;
  /** Timers of 1,000 idle breakers. */
  readonly timers: number;
}

const run = promisify(execFile);
const script = fileURLToPath(new URL('memory-process.ts', import.meta.url));
const KINDS = ['circuitBreaker with its key', 'opossum policy with its key', 'opossum alone', 'cockatiel alone'] as const;

/** Each kind in a process of its own. */
export async function benchMemory(runs: number, progress: (line: string) => void): Promise<BreakerMemory[]> {
  const measured: BreakerMemory[] = [];
  for (const what of KINDS) {
    const bytes: number[] = [];
    let timers = 0;
    for (let round = 1; round <= runs; round++) {
      const { stdout } = await run(process.execPath, ['--conditions=@nines/source', '--expose-gc', script, what]);
      const answer = JSON.parse(stdout) as { readonly bytes: number; readonly timers: number };
      bytes.push(answer.bytes);
      ({ timers } = answer);
      progress(`${round}/${runs} ${what}: ${answer.bytes} bytes, ${answer.timers} timers`);
    }
    measured.push({ what, bytes: middle(bytes), timers });
  }
  return measured;
}

/** Lines for a table for people. */
export function memoryRows(of: readonly BreakerMemory[]): string[][] {
  const rows = of.map(({ what, bytes, timers }) => [
    what,
    String(Math.round(bytes)),
    String(timers),
    what === KINDS[0] ? '≤ 1024 bytes, 0 timers' : '',
  ]);
  return [['a breaker', 'bytes', 'timers of 1,000 idle', 'goal'], ...rows];
}

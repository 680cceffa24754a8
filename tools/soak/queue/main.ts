import { writeFileSync } from 'node:fs';
import { onPath } from '../../redis/machine.ts';
import { HELP, parseOptions, type SoakOptions } from './options.ts';
import { report } from './report.ts';
import { runSoak, type RunResult } from './run.ts';

/** `npm run soak -- queue`; see {@link HELP}. Resolves to the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  let options: SoakOptions | 'help';
  try {
    options = parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  return run(options);
}

async function run(options: SoakOptions): Promise<number> {
  const program = onPath('redis-server') ?? onPath('valkey-server');
  if (program === undefined) {
    console.error('redis-server or valkey-server must be on PATH: this run kills its Redis, so it starts one of its own');
    return 2;
  }
  const results: RunResult[] = [];
  for (const level of options.levels) {
    const onProgress = (handled: number) => process.stderr.write(`${level}: ${handled} of ${options.jobs} handled\n`);
    const result = await runSoak({ ...options, level, program, onProgress });
    results.push(result);
    console.log(`${report(result)}\n`);
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return results.every(({ kept }) => kept) ? 0 : 1;
}

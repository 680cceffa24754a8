import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../redis/machine.ts';
import { NEWER_CACHE, newerServers } from '../../redis/newer.ts';
import { withOptions } from '../with-options.ts';
import { HELP, parseOptions, type SoakOptions } from './options.ts';
import { report } from './report.ts';
import { runSoak, type RunResult } from './run.ts';

const CACHE = join(import.meta.dirname, '../../..', NEWER_CACHE);

/** `npm run soak -- queue`; see {@link HELP}. Resolves to the exit code. */
export function soak(args: readonly string[]): Promise<number> {
  return withOptions({ args, parse: parseOptions, help: HELP }, run);
}

async function run(options: SoakOptions): Promise<number> {
  const program = onPath('redis-server') ?? onPath('valkey-server');
  const { servers, reason } = options.levels.includes('fsync') ? await newerServers(CACHE) : { servers: [], reason: '' };
  const results: RunResult[] = [];
  for (const level of options.levels) {
    // WAITAOF came with Redis 7.2.
    const server = level === 'fsync' ? servers[0]?.program : program;
    if (server === undefined) {
      console.error(
        `${level} needs a Redis of its own, which it kills: ${level === 'fsync' ? reason : 'redis-server or valkey-server on PATH'}`,
      );
      return 2;
    }
    const onProgress = (handled: number) => process.stderr.write(`${level}: ${handled} of ${options.jobs} handled\n`);
    const result = await runSoak({ ...options, level, program: server, onProgress });
    results.push(result);
    console.log(`${report(result)}\n`);
  }
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  return results.every(({ kept }) => kept) ? 0 : 1;
}

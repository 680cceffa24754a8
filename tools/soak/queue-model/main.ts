import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureRedis } from '../../redis/ensure.ts';

const HELP = `Usage: npm run soak -- queue-model [--seed N] [--histories N] [--steps N]

Random histories on the queue's store on Redis, compared with a small model after every step. Default: 100 histories of 1000 steps,
seed 1 for the first, one more for each next.

Exit codes: 0 Redis did what the model does, 1 it did not, 2 wrong use.`;

/** Resolves to the exit code. */
export async function soak(args: readonly string[]): Promise<number> {
  let numbers: readonly string[];
  try {
    const string = { type: 'string' } as const;
    const options = { seed: string, histories: string, steps: string, help: { type: 'boolean' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    if (values.help === true) {
      console.log(HELP);
      return 0;
    }
    numbers = [values.seed ?? '1', values.histories ?? '100', values.steps ?? '1000'];
    if (numbers.some((number) => !/^[1-9]\d{0,8}$/.test(number)))
      throw new Error(`whole numbers from 1 are wanted, got ${numbers.join(', ')}`);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const redis = await ensureRedis();
  try {
    const file = join(import.meta.dirname, '../../../packages/queue/test/process/model-soak.ts');
    const child = fork(file, [redis.url, ...numbers], {
      execArgv: ['--conditions=@nines/source', '--disable-warning=ExperimentalWarning'],
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    await redis.stop();
  }
}

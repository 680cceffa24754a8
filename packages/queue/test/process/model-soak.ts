import { Redis } from 'ioredis';
import { historyOnRedis } from '../model/on-redis.ts';

/** Runs histories of the model on Redis, some at a time; for `npm run soak -- queue-model`. Exit codes: 0 no divergence, 1 some. */
const [url = '', seed = '1', histories = '100', steps = '1000'] = process.argv.slice(2);
const AT_ONCE = 16;

const redis = new Redis(url);
let next = 0;
let wrong = 0;
async function lane(): Promise<void> {
  while (next < Number(histories)) {
    const mine = Number(seed) + next;
    next += 1;
    try {
      const left = await historyOnRedis(redis, mine, Number(steps));
      if (left.length > 0) throw new Error(`these keys are left: ${left.join(', ')}`);
    } catch (error) {
      wrong += 1;
      console.error(`seed ${mine}: ${(error as Error).message}`);
    }
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, lane));
redis.disconnect();
console.log(
  `${histories} histories of ${steps} steps on Redis, seeds ${seed} to ${Number(seed) + Number(histories) - 1}: ${wrong} diverged`,
);
process.exitCode = wrong === 0 ? 0 : 1;

import { Redis } from 'ioredis';
import { createConsumer, defineQueue, type Queue } from '@nines/queue';

/** What a worker of the tests across processes tells its parent. */
export type ResultWorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'started'; readonly payload: string; readonly attempt: number }
  | { readonly type: 'aborted'; readonly code: string };

export interface Returned {
  readonly payload: string;
  readonly pid: number;
}

/** The queue as both processes know it. */
export function resultQueue(name: string): Queue<string, string, Returned> {
  return defineQueue<string, Returned>({ name, leaseMs: 1000, results: { count: 100, ageMs: 600_000 }, events: true });
}

/** Ends `hold` when it is aborted, or when it is told to; everything else at once. */
async function work(url: string, name: string): Promise<void> {
  const tell = (message: ResultWorkerMessage) => process.send?.(message);
  const redis = new Redis(url);
  const released = Promise.withResolvers<void>();
  process.on('message', () => released.resolve());
  const consumer = createConsumer(
    resultQueue(name),
    async ({ payload }, { attempt, progress, signal }) => {
      tell({ type: 'started', payload, attempt });
      signal.addEventListener('abort', () => tell({ type: 'aborted', code: (signal.reason as { code: string }).code }));
      if (payload === 'hold') {
        progress({ done: 1, of: 2 });
        await released.promise;
      }
      return { payload, pid: process.pid };
    },
    { redis, concurrency: 4 },
  );
  await consumer.start();
  tell({ type: 'ready' });
}

const [, , url, name] = process.argv;
if (url !== undefined && name !== undefined && process.send !== undefined && import.meta.filename === process.argv[1])
  await work(url, name);

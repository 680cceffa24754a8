import { Redis } from 'ioredis';
import { createConsumer, defineQueue, type QueueMetrics } from '@nines/queue';

/** A worker process for the tests of crashes: tells its parent what happens, and ends jobs when told to. */
export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'started'; readonly payload: string; readonly attempt: number }
  | { readonly type: 'aborted'; readonly payload: string; readonly code: string }
  | { readonly type: 'handled'; readonly payload: string }
  | { readonly type: 'lost'; readonly jobs: number }
  | { readonly type: 'stopped'; readonly drained: boolean };

export type WorkerCommand = { readonly end: string; readonly how: 'return' | 'throw' };

const [, , url = '', name = '', leaseMs = '1000', mode = 'hold'] = process.argv;
const tell = (message: WorkerMessage) => process.send?.(message);

const waiting = new Map<string, PromiseWithResolvers<void>>();
process.on('message', ({ end, how }: WorkerCommand) => {
  const job = waiting.get(end);
  if (how === 'return') job?.resolve();
  else job?.reject(new Error('told to fail'));
});

const metrics: QueueMetrics = {
  sent: () => {},
  claimed: () => {},
  waited: () => {},
  attempted: () => {},
  deadLettered: () => {},
  leasesLost: (_queue, jobs) => tell({ type: 'lost', jobs }),
  leaseAtRisk: () => {},
  depth: () => {},
};

const redis = new Redis(url);
const queue = defineQueue<string>({ name, leaseMs: Number(leaseMs), completed: { count: 100_000, ageMs: 600_000 } });
const consumer = createConsumer(
  queue,
  async ({ payload }, { attempt, signal }) => {
    tell({ type: 'started', payload, attempt });
    signal.addEventListener('abort', () => tell({ type: 'aborted', payload, code: (signal.reason as { code: string }).code }));
    if (mode === 'hold') {
      const job = Promise.withResolvers<void>();
      waiting.set(payload, job);
      await job.promise;
    }
    tell({ type: 'handled', payload });
  },
  { redis, concurrency: 8, metrics },
);

process.on('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  const { drained } = await consumer.stop({ timeoutMs: 10_000 });
  redis.disconnect();
  process.send?.({ type: 'stopped', drained } satisfies WorkerMessage, () => process.disconnect());
}

await consumer.start();
tell({ type: 'ready' });

import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createInspector, createProducer, defineQueue } from '@nines/queue';

test('one poison job among 1000, at concurrency 64 with prefetch: it alone is quarantined, 999 are completed', async () => {
  const name = `poison-${process.pid}`;
  const redis = new Redis(inject('redisUrl'));
  const queue = defineQueue<number>({ name, leaseMs: 1000, maxLeaseLosses: 1, completed: { count: 10_000, ageMs: 600_000 } });
  const inspector = createInspector(queue, { redis });
  const producer = createProducer(queue, { redis });
  await producer.enqueueMany(Array.from({ length: 1000 }, (_, n) => n));
  let deaths = 0;
  let stopped = false;
  let worker: ChildProcess;
  // As an orchestrator does: a worker that dies is replaced.
  const start = () => {
    worker = fork(join(import.meta.dirname, 'process/poison-worker.ts'), [inject('redisUrl'), name], {
      execArgv: ['--conditions=@nines/source', '--disable-warning=ExperimentalWarning'],
    });
    worker.on('exit', (_code, signal) => {
      if (stopped) return;
      if (signal === 'SIGKILL') deaths += 1;
      start();
    });
  };
  start();
  onTestFinished(async () => {
    stopped = true;
    worker.kill('SIGKILL');
    await producer.close();
    await inspector.close();
    redis.disconnect();
  });
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, completed: 999, dead: 1 });
  expect(await inspector.list('dead')).toMatchObject([{ payload: 500, deadReason: 'poison', failedAttempts: 0 }]);
  // Once in the crowd, which proves nothing, and once alone, which does.
  expect(deaths).toBe(2);
});

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createInspector, createProducer, defineQueue, type Inspector, type Producer } from '@nines/queue';
import type { WorkerCommand, WorkerMessage } from './process/worker.ts';

const LEASE_MS = 1000;
let serial = 0;
let name: string;
let redis: Redis;
let producer: Producer<string>;
let inspector: Inspector<string>;
let workers: Worker[];

beforeEach(() => {
  name = `crash-${process.pid}-${(serial += 1)}`;
  redis = new Redis(inject('redisUrl'));
  const queue = defineQueue<string>({ name, leaseMs: LEASE_MS, completed: { count: 100_000, ageMs: 600_000 } });
  producer = createProducer(queue, { redis });
  inspector = createInspector(queue, { redis });
  workers = [];
});

afterEach(async () => {
  for (const { child } of workers) child.kill('SIGKILL');
  await producer.close();
  await inspector.close();
  redis.disconnect();
});

test('kill -9 in the middle of a job: another worker finishes it', async () => {
  const victim = await startWorker('hold');
  const { id } = await producer.enqueue('job');
  await victim.saw('started');
  const heir = await startWorker('hold');
  victim.child.kill('SIGKILL');
  expect(await heir.saw('started')).toMatchObject({ payload: 'job', attempt: 1 });
  heir.end('job', 'return');
  await heir.saw('handled');
  await heir.stop();
  expect(await inspector.get(id)).toMatchObject({ state: 'completed' });
});

test.each(['return', 'throw'] as const)(
  'a worker that was stopped past its lease cannot settle what was given to another (its handler would %s)',
  async (how) => {
    const stale = await startWorker('hold');
    const { id } = await producer.enqueue('job');
    await stale.saw('started');
    const heir = await startWorker('hold');
    stale.child.kill('SIGSTOP');
    await heir.saw('started');
    stale.child.kill('SIGCONT');
    stale.end('job', how);
    expect(await stale.saw('lost')).toMatchObject({ jobs: 1 });
    expect(await inspector.get(id)).toMatchObject({ state: 'active', failedAttempts: 0 });
    heir.end('job', 'return');
    await heir.saw('handled');
    await heir.stop();
    expect(await inspector.get(id)).toMatchObject({ state: 'completed' });
  },
);

test('a worker that finds its lease lost aborts the signal of the handler', async () => {
  const stale = await startWorker('hold');
  await producer.enqueue('job');
  await stale.saw('started');
  const heir = await startWorker('hold');
  stale.child.kill('SIGSTOP');
  await heir.saw('started');
  stale.child.kill('SIGCONT');
  expect(await stale.saw('aborted')).toMatchObject({ payload: 'job', code: 'LEASE_LOST' });
});

test('SIGTERM under load: no job is lost and none runs twice', async () => {
  const first = await startWorker('run');
  const second = await startWorker('run');
  const total = 5000;
  const sending = (async () => {
    for (let from = 0; from < total; from += 100) await producer.enqueueMany(Array.from({ length: 100 }, (_, at) => `${from + at}`));
  })();
  await first.saw('handled');
  first.child.kill('SIGTERM');
  expect(await first.saw('stopped')).toMatchObject({ drained: true });
  await sending;
  await second.handledWith(first, total);
  await second.stop();
  const handled = [...first.handled, ...second.handled];
  expect(handled).toHaveLength(total);
  expect(new Set(handled).size).toBe(total);
  expect(await inspector.counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, dead: 0, completed: total });
});

interface Worker {
  readonly child: ChildProcess;
  readonly handled: string[];
  /** Resolves to the first message of the type, also one that came before. */
  saw(type: WorkerMessage['type']): Promise<WorkerMessage>;
  handledWith(other: Worker, total: number): Promise<void>;
  end(payload: string, how: WorkerCommand['how']): void;
  stop(): Promise<void>;
}

async function startWorker(mode: 'hold' | 'run'): Promise<Worker> {
  const child = fork(join(import.meta.dirname, 'process/worker.ts'), [inject('redisUrl'), name, String(LEASE_MS), mode], {
    execArgv: ['--conditions=@nines/source', '--disable-warning=ExperimentalWarning'],
  });
  const seen: WorkerMessage[] = [];
  const handled: string[] = [];
  child.on('message', (message: WorkerMessage) => {
    seen.push(message);
    if (message.type === 'handled') handled.push(message.payload);
    child.emit('seen');
  });
  const until = async (done: () => boolean) => {
    while (!done()) await once(child, 'seen');
  };
  const worker: Worker = {
    child,
    handled,
    async saw(type) {
      await until(() => seen.some((message) => message.type === type));
      return seen.find((message) => message.type === type)!;
    },
    handledWith: (other, total) => until(() => handled.length + other.handled.length >= total),
    end: (payload, how) => void child.send({ end: payload, how } satisfies WorkerCommand),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
  workers.push(worker);
  await worker.saw('ready');
  return worker;
}

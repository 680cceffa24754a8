import { Redis } from 'ioredis';
import { expect, inject, test, type TestContext } from 'vitest';
import {
  createConsumer,
  createInspector,
  createProducer,
  DeadLetterError,
  defineQueue,
  fixed,
  type Consumer,
  type Inspector,
} from '@nines/queue';
import * as scripts from '../src/redis/scripts.gen.ts';
import { startCuttingProxy, type Boundary } from './cutting-proxy.ts';

const JOBS = ['plain-1', 'plain-2', 'parent', 'later', 'fails once', 'dies', 'grouped-1', 'grouped-2', 'grouped-3'] as const;
/** How often each handler must be called: no loss, and no second run but the retry. */
const RUNS = { 'plain-1': 1, 'plain-2': 1, parent: 1, later: 1, 'fails once': 2, dies: 1, 'grouped-1': 1, 'grouped-2': 2, 'grouped-3': 1 };
/** What follows from `parent`, enqueued in one step with its acknowledgement. */
const CHILDREN = ['child 1', 'child 2'];

let serial = 0;

/** Takes the jobs through their life over a connection that is cut at these calls; tells how often each was run, and what was cut. */
async function live(
  calls: readonly number[],
  boundary: Boundary,
  /** Of the test itself: among concurrent tests the global hook cannot tell which one it belongs to. */
  onTestFinished: TestContext['onTestFinished'],
): Promise<{ runs: Record<string, number>; cut: string[]; called: number }> {
  const direct = new Redis(inject('redisUrl'));
  const proxy = await startCuttingProxy(Number(new URL(inject('redisUrl')).port), new Set(calls), boundary);
  const redis = new Redis({ host: '127.0.0.1', port: proxy.port, retryStrategy: () => 1 });
  redis.on('error', () => {});
  const name = `boundary-${process.pid}-${(serial += 1)}`;
  const queue = defineQueue<string>({ name, backoff: fixed(1), maxAttempts: 3, completed: { count: 100, ageMs: 600_000 } });
  const next = defineQueue<string>({ name: `${name}-next` });
  const inspector = createInspector(queue, { redis: direct });
  const ofNext = createInspector(next, { redis: direct });
  const producer = createProducer(queue, { redis, enqueueTimeoutMs: 30_000 });
  const runs: Record<string, number> = {};
  const grouped: string[] = [];
  const start = async (): Promise<Consumer> => {
    const consumer = createConsumer(
      queue,
      async ({ payload }, context) => {
        runs[payload] = (runs[payload] ?? 0) + 1;
        if (payload === 'dies') throw new DeadLetterError('for good');
        if (payload.startsWith('grouped')) grouped.push(payload);
        if ((payload === 'fails once' || payload === 'grouped-2') && context.attempt === 1) throw new Error('once');
        if (payload === 'parent') for (const child of CHILDREN) await context.enqueue(next, child);
      },
      { redis },
    );
    try {
      await consumer.start();
      return consumer;
    } catch {
      await consumer.stop();
      return start();
    }
  };
  let consumer: Consumer | undefined;
  onTestFinished(async () => {
    await consumer?.stop({ timeoutMs: 1000 });
    await producer.close();
    await inspector.close();
    await ofNext.close();
    redis.disconnect();
    direct.disconnect();
    await proxy.close();
  });
  for (const job of JOBS) {
    const group = job.startsWith('grouped') ? { groupId: 'group' } : {};
    await producer.enqueue(job, { id: job.replace(' ', '-'), delayMs: job === 'later' ? 20 : 0, ...group });
  }
  consumer = await start();
  await ended(inspector);
  // The order of a group holds, also where its job fails or its answer is lost.
  expect(grouped).toEqual(['grouped-1', 'grouped-2', 'grouped-2', 'grouped-3']);
  // Exactly one set of children, whatever was cut.
  expect((await ofNext.list('waiting')).map(({ payload }) => payload)).toEqual(CHILDREN);
  const known = new Map<string, string>(Object.values(scripts).map((script) => [script.sha, script.name]));
  return { runs, cut: proxy.cut.map((digest) => known.get(digest) ?? digest), called: proxy.scripts.length };
}

/** Ends are settled; how soon is the affair of the store, so this looks once a turn. */
async function ended(inspector: Inspector<string>): Promise<void> {
  for (;;) {
    const { completed, dead } = await inspector.counts();
    if (completed + dead >= JOBS.length) break;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(await inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, completed: JOBS.length - 1, dead: 1 });
}

const numbers = Array.from({ length: 21 }, (_, call) => call);

test.concurrent.for(numbers.flatMap((call) => (['before it ran', 'after it ran'] as const).map((boundary) => [call, boundary] as const)))(
  'the connection is cut at script call %i, %s: no job is lost, none runs twice, and one set of children comes of a parent',
  async ([call, boundary], { onTestFinished }) => {
    const { runs, called } = await live([call], boundary, onTestFinished);
    expect(runs).toEqual(RUNS);
    expect(called).toBeGreaterThan(JOBS.length);
  },
);

test('cuts at the call and at the next ones: what was held is reconciled, at every script', async ({ onTestFinished }) => {
  const lives = await Promise.all(
    numbers
      .slice(9)
      .flatMap((call) => [
        live([call, call + 1], 'after it ran', onTestFinished),
        live([call, call + 1, call + 2], 'before it ran', onTestFinished),
      ]),
  );
  for (const { runs } of lives) expect(runs).toEqual(RUNS);
  expect(new Set(lives.flatMap(({ cut }) => cut))).toEqual(new Set(['enqueue', 'open', 'exchange', 'commit', 'reconcile']));
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { Store } from '@nines/queue';
import { systemClock } from '../src/clock.ts';
import { acquireConnection } from '../src/redis/connection.ts';
import { encodeEnvelope } from '../src/envelope.ts';
import type { RedisStoreOptions } from '../src/redis/store.ts';
import { check, type Verdict } from '../../../tools/soak/queue/checker.ts';
import type { Fault } from '../../../tools/soak/queue/explain.ts';
import { openHistory, readHistories, type HistoryWriter } from '../../../tools/soak/queue/history.ts';
import { LEASE_MS, soakQueue } from '../../../tools/soak/queue/jobs.ts';
import { spied } from '../../../tools/soak/queue/spy.ts';

/** A bug, as a change of the scripts' text. Each text must be there, so that a plant cannot silently stop being one. */
type Plant = Readonly<Record<string, readonly (readonly [text: string, instead: string])[]>>;

const SCRIPTS = '../src/redis/scripts.gen.ts';

/** The store of Redis, with a bug planted in its scripts. */
async function storeWith(plant: Plant): Promise<(options: RedisStoreOptions) => Store> {
  vi.resetModules();
  vi.doMock(SCRIPTS, async (original) => {
    const scripts = await original<Record<string, { sha: string; source: string }>>();
    const changed = Object.entries(plant).map(([name, changes]) => {
      let source = scripts[name]?.source ?? '';
      for (const [text, instead] of changes) {
        expect(source, `${name} has no "${text}"`).toContain(text);
        source = source.replaceAll(text, () => instead);
      }
      // No server knows this digest, so the source is sent.
      return [name, { ...scripts[name], sha: '0'.repeat(40), source }];
    });
    return { ...scripts, ...Object.fromEntries(changed) };
  });
  const { createRedisStore } = await import('../src/redis/store.ts');
  return createRedisStore;
}
afterEach(() => {
  vi.doUnmock(SCRIPTS);
  vi.resetModules();
});

/** Workers that do as told. */
interface Scene {
  /** Resolves to the numbers of the claimed jobs. */
  claim(worker: string, want?: number): Promise<number[]>;
  /** The handlers come to their end. */
  end(worker: string, ...jobs: readonly number[]): void;
  settle(worker: string, ...jobs: readonly number[]): Promise<void>;
  advance(ms: number): void;
}

interface Play {
  readonly plant?: Plant;
  /** A bug in a worker, as a wrapper around its store. */
  readonly wrap?: (store: Store) => Store;
  readonly faults?: readonly Fault[];
}

let serial = 0;

/** Plays a scene on three jobs, and hands what the workers wrote to the checker. */
async function play(
  act: (scene: Scene) => Promise<void>,
  { plant = {}, wrap = (store) => store, faults = [] }: Play = {},
): Promise<Verdict> {
  const makeStore = await storeWith(plant);
  const folder = mkdtempSync(join(tmpdir(), 'nines-checker-'));
  const redis = new Redis(inject('redisUrl'));
  const queue = { ...soakQueue(1000).options, name: `checker-${process.pid}-${(serial += 1)}` };
  const keys = async () => (await redis.keys(`{nines:default:0}:${queue.name}:*`)).filter((key) => !key.endsWith(':meta'));
  let offset = 0;
  const opened: Store[] = [];
  const workers = new Map<string, ReturnType<typeof make>>();
  const make = (name: string) => {
    const history = openHistory(folder, name);
    const connection = acquireConnection(redis, systemClock);
    const store = makeStore({ queue, connection, connectTimeoutMs: 5000, offsetMs: () => offset });
    opened.push(store);
    return { history, store, spy: wrap(spied(store, history)), known: false };
  };
  const of = (name: string) => {
    const worker = workers.get(name) ?? make(name);
    workers.set(name, worker);
    return worker;
  };
  const exchange = async (name: string, acks: readonly number[], want: number) => {
    const worker = of(name);
    const settlements = acks.map((n) => ({ verb: 'ack', id: String(n), failedBefore: true }) as const);
    const reply = await worker.spy.exchange({ token: name, known: worker.known, settlements, want, wantSuspect: true });
    worker.known = reply.holder === 'holding';
    return reply.jobs.map(({ id }) => Number(id));
  };
  onTestFinished(async () => {
    for (const store of opened) await store.close();
    const left = await keys();
    if (left.length > 0) await redis.del(...left);
    redis.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
  await produce(of('producer-1'));
  await act({
    claim: (name, want = 10) => exchange(name, [], want),
    end: (name, ...ended) => of(name).history.write('ended', ended, Date.now() + offset),
    settle: async (name, ...acks) => void (await exchange(name, acks, 0)),
    advance: (ms) => (offset += ms),
  });
  return check({ jobs: 3, histories: readHistories(folder), faults, orphanKeys: await keys(), lossWindowMs: 0, leaseMs: LEASE_MS });
}

async function produce({ store, history }: { readonly store: Store; readonly history: HistoryWriter }): Promise<void> {
  const jobs = [0, 1, 2];
  await store.open();
  history.write('sent', jobs, Date.now());
  await store.enqueue(jobs.map((n) => ({ id: String(n), delayMs: 0, fresh: true, envelope: encodeEnvelope({ body: Buffer.from('{}') }) })));
  history.write('accepted', jobs, Date.now());
}

/** Does all that is left, as a worker does it: claim, run, settle. */
async function finish(scene: Scene, worker: string): Promise<void> {
  for (let jobs = await scene.claim(worker); jobs.length > 0; jobs = await scene.claim(worker)) {
    scene.end(worker, ...jobs);
    await scene.settle(worker, ...jobs);
  }
}

/** A worker dies with its jobs; another takes over what it finds. */
const dies = async (scene: Scene) => {
  await scene.claim('worker-1');
  scene.advance(LEASE_MS + 1);
  await finish(scene, 'worker-2');
};

/** A worker stands still past its lease; others run its jobs meanwhile, and it comes back and settles. */
const comesBack = async (scene: Scene) => {
  await scene.claim('worker-1');
  scene.advance(LEASE_MS + 1);
  const [taken = -1] = await scene.claim('worker-2', 1);
  scene.advance(5);
  scene.end('worker-1', taken);
  await scene.settle('worker-1', taken);
  scene.advance(5);
  scene.end('worker-2', taken);
  await scene.settle('worker-2', taken);
  await finish(scene, 'worker-2');
};

/** Two workers, and nothing goes wrong. */
const quiet = async (scene: Scene) => {
  const jobs = await scene.claim('worker-1');
  scene.advance(1);
  await finish(scene, 'worker-2');
  scene.end('worker-1', ...jobs);
  await scene.settle('worker-1', ...jobs);
};

const stopped: readonly Fault[] = [{ kind: 'stop', process: 'worker-1', fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }];

test.each([
  ['a worker dies', dies, []],
  ['a worker comes back too late', comesBack, stopped],
  ['nothing happens', quiet, []],
] as const)('the checker finds nothing wrong where nothing is: %s', async (_name, scene, faults) => {
  expect(await play(scene, { faults })).toMatchObject({ acknowledged: 3, handled: 3, lost: [], staleAcks: [], orphanKeys: [], kept: true });
});

test('the checker catches a settlement that does not ask the set of the holder', async () => {
  const plant: Plant = {
    exchange: [
      ["if ARGV[3] == '1' and lease == 0 then", 'if false then'],
      ['member == 1 and kept or lost', 'kept'],
      ['is_kept[page[at]] = member == 1', 'is_kept[page[at]] = true'],
    ],
  };
  const verdict = await play(comesBack, { plant, faults: stopped });
  expect(verdict.staleAcks).toHaveLength(1);
  expect(verdict.kept).toBe(false);
});

test('the checker catches a recovery that forgets a list', async () => {
  const verdict = await play(dies, { plant: { exchange: [["redis.call('RPUSH', q.suspects, id)", '']] } });
  expect(verdict).toMatchObject({ acknowledged: 3, handled: 0, lost: [0, 1, 2], kept: false });
  expect(new Set(verdict.orphanKeys.map((key) => key.split(':').at(-1)))).toEqual(new Set(['failures', 'jobs']));
});

test('the checker catches an acknowledgement before the handler has ended', async () => {
  const eager = (store: Store): Store => ({
    ...store,
    async exchange(request) {
      const reply = await store.exchange(request);
      const settlements = reply.jobs.map(({ id }) => ({ verb: 'ack', id, failedBefore: true }) as const);
      await store.exchange({ ...request, known: reply.holder === 'holding', settlements, want: 0 });
      return reply;
    },
  });
  expect(await play(dies, { wrap: eager })).toMatchObject({ acknowledged: 3, handled: 0, lost: [0, 1, 2], kept: false });
});

test('the checker catches a recovery from a holder whose lease is not over', async () => {
  const plant: Plant = {
    exchange: [["redis.call('ZRANGEBYSCORE', q.holders, '-inf', now,", "redis.call('ZRANGEBYSCORE', q.holders, '-inf', '+inf',"]],
  };
  const verdict = await play(quiet, { plant });
  expect(verdict.unexplained.length).toBeGreaterThan(0);
  expect(verdict.kept).toBe(false);
});

test('the checker catches a settlement that leaves a key behind', async () => {
  const plant: Plant = {
    exchange: [["if not keep then return redis.call('HDEL', q.jobs, unpack(page)) end", 'if not keep then return end']],
  };
  const verdict = await play(quiet, { plant });
  expect(verdict.orphanKeys).toHaveLength(1);
  expect(verdict.kept).toBe(false);
});

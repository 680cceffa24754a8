import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createConsumer, createInspector, createProducer, DeadLetterError, defineQueue, fixed, type Consumer } from '@nines/queue';
import { createScheduler } from '@nines/queue/schedules';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ROOT } from '../../tools/workspace/packages.ts';
import { KEEPS_LOG_FILES, startPod, type Pod } from './backup-pod.ts';

/** deploy/scripts/backup and restore on a real Redis with real queues; only kubectl is not there (see backup-pod.ts). */
const HOUR = 3_600_000;
const kinds = defineQueue<string>({ name: 'kinds', leaseMs: 1000, backoff: fixed(HOUR), maxAttempts: 3 });
const busy = defineQueue<string>({ name: 'busy', leaseMs: 1000, backoff: fixed(1) });
const here = KEEPS_LOG_FILES && process.platform !== 'win32';

/** What workers did, written down outside of Redis. */
function makeWorld(pod: Pod) {
  const redis = new Redis(pod.server.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  const closing: (() => Promise<unknown>)[] = [];
  const runs: string[] = [];
  const busyRuns = new Map<string, number>();
  const settled = new Set<string>();
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  onTestFinished(async () => {
    release();
    for (const close of closing.toReversed()) await close();
    redis.disconnect();
  });
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    closing.push(() => one.close());
    return one;
  };
  /** The pods of nines-worker, all of them. */
  async function startWorkers(concurrency: number): Promise<() => Promise<void>> {
    const held = createConsumer(kinds, (job) => handle(job.payload), { redis, concurrency });
    const quick = createConsumer(busy, ({ id }) => void busyRuns.set(id, (busyRuns.get(id) ?? 0) + 1), { redis });
    for (const [consumer, watch] of [
      [held, false],
      [quick, true],
    ] as const)
      await begin(consumer, watch);
    const stop = async () => void (await Promise.all([held, quick].map((one) => one.stop({ timeoutMs: 0 }))));
    closing.push(stop);
    return stop;
  }
  async function begin(consumer: Consumer, watch: boolean): Promise<void> {
    if (watch) consumer.on('completed', ({ id }) => settled.add(id));
    await consumer.start();
  }
  async function handle(payload: string): Promise<void> {
    runs.push(payload);
    if (payload.startsWith('dead')) throw new DeadLetterError('gone');
    if (payload === 'flaky' && runs.filter((run) => run === payload).length === 1) throw new Error('busy');
    if (payload.startsWith('active')) await gate;
  }
  return {
    redis,
    producer: keep(createProducer(kinds, { redis })),
    busyProducer: keep(createProducer(busy, { redis })),
    inspector: keep(createInspector(kinds, { redis })),
    busyInspector: keep(createInspector(busy, { redis })),
    scheduler: keep(createScheduler(kinds, { redis })),
    runs,
    busyRuns,
    settled,
    release,
    startWorkers,
  };
}
type World = ReturnType<typeof makeWorld>;

/** Jobs in every state; resolves when each is where its name says. */
async function fill({ producer, inspector, scheduler, runs }: World): Promise<void> {
  await producer.enqueueMany(['dead-1', 'dead-2', 'flaky', 'active-1', 'active-2', 'active-3']);
  await expect.poll(() => inspector.counts()).toMatchObject({ active: 3, dead: 2, delayed: 1 });
  runs.length = 0;
  await producer.enqueueMany(Array.from({ length: 40 }, (_, index) => `plain-${index}`));
  for (const index of [0, 1, 2, 3, 4]) {
    for (const groupId of ['a', 'b']) await producer.enqueue(`group-${groupId}-${index}`, { groupId });
  }
  await producer.enqueue('first', { priority: 9 });
  await producer.enqueue('soon', { delayMs: 1 });
  await producer.enqueue('late', { delayMs: HOUR });
  await producer.enqueue('key', { deduplicate: { key: 'while-it-lives' } });
  await producer.enqueue('timed key', { deduplicate: { key: 'for-an-hour', ttlMs: HOUR } });
  await scheduler.upsert('each-second', { everyMs: 1000, catchUp: 'one' }, 'tick');
}

/** Enqueues until it is stopped; knows which jobs were accepted when. */
function startLoad({ busyProducer }: World) {
  const accepted = new Set<string>();
  const ended = new AbortController();
  const loop = (async () => {
    while (!ended.signal.aborted) {
      const answers = await busyProducer.enqueueMany(Array.from({ length: 20 }, () => 'event'));
      for (const answer of answers) if (answer.status === 'fulfilled') accepted.add(answer.value.id);
      await turn();
    }
  })();
  const stop = async () => {
    ended.abort();
    await loop;
  };
  onTestFinished(stop);
  return { accepted, stop };
}

async function idsOf(inspector: World['busyInspector']): Promise<Set<string>> {
  const pages = await Promise.all(
    (['waiting', 'active', 'delayed', 'dead'] as const).map((state) => inspector.list(state, { limit: 1000 })),
  );
  return new Set(pages.flat().map(({ id }) => id));
}

test.skipIf(!here)(
  'a backup under load, restored into a new Redis: what was in it is done or dead as it was, and nothing else is touched',
  async () => {
    const pod = await startPod();
    const world = makeWorld(pod);
    const { inspector, busyInspector, producer, scheduler, runs, busyRuns, settled } = world;
    let stopWorkers = await world.startWorkers(3);
    await fill(world);
    const deadBefore = await inspector.list('dead');
    const lateBefore = (await inspector.list('delayed')).find(({ payload }) => payload === 'late');
    const load = startLoad(world);
    await expect.poll(() => settled.size).toBeGreaterThan(100);

    const before = { accepted: new Set(load.accepted), settled: new Set(settled) };
    const backup = await pod.run('backup', ['--to', 'copy.rdb']);
    expect(backup.output).toMatch(/^saved \S+copy\.rdb: \d+ keys, \d+ bytes\n$/);
    const after = { settled: new Set(settled) };
    await producer.enqueue('lost', { deduplicate: { key: 'after-the-backup', ttlMs: HOUR } });
    await load.stop();
    await expect.poll(() => [...load.accepted].every((id) => settled.has(id))).toBe(true);

    await pod.server.restart('SIGKILL', () => rmSync(`${pod.server.dir}/appendonlydir`, { recursive: true }));
    const runsBefore = new Map(busyRuns);
    let restored = new Set<string>();
    let atRestore: Awaited<ReturnType<typeof inspector.counts>> | undefined;
    pod.onScale(async (name, replicas) => {
      if (name !== 'nines-worker') return;
      await stopWorkers();
      if (replicas === 0) return;
      atRestore = await vi.waitFor(() => inspector.counts(), { timeout: 30_000 });
      restored = await idsOf(busyInspector);
      runs.length = 0;
      stopWorkers = await world.startWorkers(8);
    });
    const restore = await pod.run('restore', ['--from', 'copy.rdb', '--over', 'yes']);
    expect(restore.output).toMatch(
      /restored \S+copy\.rdb: \d+ keys\. What was there before is \S+\/replaced-\S+ of the pod nines-redis-0\n$/,
    );
    expect(restore.status).toBe(0);
    expect(restore.calls.filter((call) => call.includes(' scale '))).toEqual(
      [0, 2].flatMap((count) =>
        ['api', 'worker'].map((name) => `kubectl --namespace nines scale deployment/nines-${name} --replicas ${count}`),
      ),
    );
    world.release();
    await scheduler.start();
    await expect.poll(() => inspector.counts(), { timeout: 30_000 }).toMatchObject({ waiting: 0, active: 0, delayed: 2, dead: 2 });
    await expect.poll(() => busyInspector.counts()).toMatchObject({ waiting: 0, active: 0, delayed: 0, dead: 0 });

    // A consumer claims ahead, so that of the 57 some are active besides the three that run.
    const { waiting = 0, active = 0, delayed = 0, dead } = atRestore ?? {};
    expect([waiting + active + delayed, dead]).toEqual([59, 2]);
    expect(active).toBeGreaterThanOrEqual(3);
    // The busy queue: exactly what was in the backup ran after it, and nothing that was settled before it.
    const ranAgain = new Set([...busyRuns].filter(([id, count]) => count > (runsBefore.get(id) ?? 0)).map(([id]) => id));
    expect(ranAgain).toEqual(restored);
    for (const id of before.settled) expect(restored.has(id)).toBe(false);
    for (const id of before.accepted) expect(after.settled.has(id) || restored.has(id)).toBe(true);
    // The other: each once, a group in its order, what was held by workers that are gone as well, and the dead as they were.
    const expected = [
      'active-1',
      'active-2',
      'active-3',
      'first',
      'soon',
      'key',
      'timed key',
      ...runs.filter((run) => /^(plain|group|tick)/.test(run)),
    ];
    expect(runs.toSorted()).toEqual(expected.toSorted());
    expect(new Set(runs.filter((run) => run.startsWith('plain'))).size).toBe(40);
    for (const group of ['a', 'b']) {
      expect(runs.filter((run) => run.startsWith(`group-${group}`))).toEqual([0, 1, 2, 3, 4].map((index) => `group-${group}-${index}`));
    }
    expect(await inspector.list('dead')).toEqual(deadBefore);
    expect((await inspector.list('delayed')).find(({ payload }) => payload === 'late')).toEqual(lateBefore);
    await expect.poll(() => runs).toContain('tick');
    // What is told to whoever sends again: a key of the backup is known, one of later is not, one of a job that has ended is free.
    const again = async (key: string, ttlMs?: number) =>
      (await producer.enqueue('again', { deduplicate: { key, ...(ttlMs === undefined ? {} : { ttlMs }) } })).created;
    expect([await again('for-an-hour', HOUR), await again('after-the-backup', HOUR), await again('while-it-lives')]).toEqual([
      false,
      true,
      true,
    ]);
  },
);

test.skipIf(!here)('a restore over what is there needs a word, keeps it aside, and goes on where an earlier one broke off', async () => {
  const pod = await startPod();
  const { redis, producer, inspector } = makeWorld(pod);
  await producer.enqueueMany(['one', 'two']);
  expect((await pod.run('backup', ['--to', 'two.rdb'])).status).toBe(0);
  await producer.enqueue('three');
  const scaled: string[] = [];
  pod.onScale(async (name, replicas) => void scaled.push(`${name} ${replicas}`));

  const refused = await pod.run('restore', ['--from', 'two.rdb']);
  expect([refused.status, refused.output]).toEqual([
    2,
    expect.stringMatching(/Redis holds \d+ keys.*\n {2}deploy\/scripts\/restore --from \S+ --over yes\n/),
  ]);
  const broken = await pod.run('restore', ['--from', 'two.rdb', '--over', 'yes'], { FAIL: 'delete pod' });
  expect([broken.status, scaled, (await inspector.counts()).waiting]).toEqual([1, ['nines-api 0', 'nines-worker 0'], 3]);
  const done = await pod.run('restore', ['--from', 'two.rdb', '--over', 'yes']);
  expect([done.status, scaled.slice(-2)]).toEqual([0, ['nines-api 2', 'nines-worker 2']]);
  await expect.poll(async () => (await inspector.list('waiting')).map(({ payload }) => payload)).toEqual(['one', 'two']);
  expect(readdirSync(pod.server.dir).filter((name) => name.startsWith('replaced-')).length).toBeGreaterThan(0);
  // It is written to the log from now on, as before: a crash forgets nothing of it.
  expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
  await producer.enqueue('four');
  await pod.server.restart('SIGKILL');
  await expect.poll(async () => (await inspector.list('waiting')).map(({ payload }) => payload)).toEqual(['one', 'two', 'four']);
});

test.skipIf(!here)('a copy that did not arrive whole is no backup, and is not restored', async () => {
  const pod = await startPod();
  const { producer, inspector } = makeWorld(pod);
  await producer.enqueue('one');
  const cut = await pod.run('backup', ['--to', 'cut.rdb'], { CUT: '100' });
  expect([cut.status, cut.output]).toEqual([2, expect.stringContaining('the copy did not arrive whole')]);
  expect(readdirSync(pod.folder)).not.toContainEqual(expect.stringMatching(/^cut/));
  writeFileSync(join(pod.folder, 'no.rdb'), 'REDIS0010 and then something else');
  const no = await pod.run('restore', ['--from', 'no.rdb', '--over', 'yes']);
  expect([no.status, no.output]).toEqual([2, expect.stringContaining('no.rdb is no whole backup that this Redis can read')]);
  expect((await inspector.counts()).waiting).toBe(1);
  // A second backup under the name of the first is refused, and nothing but its log is left on the volume.
  expect((await pod.run('backup', ['--to', 'one.rdb'])).status).toBe(0);
  expect((await pod.run('backup', ['--to', 'one.rdb'])).output).toContain('one.rdb is there already');
  expect(readdirSync(pod.server.dir)).toEqual(['appendonlydir']);
  expect(statSync(join(pod.folder, 'one.rdb')).mode & 0o777).toBe(0o600);
});

test.skipIf(!here)('a backup is written into no file that somebody else has put there, so that nobody else can read it', async () => {
  const pod = await startPod();
  await makeWorld(pod).producer.enqueue('one');
  const planted = join(pod.folder, 'one.rdb.part');
  writeFileSync(planted, '', { mode: 0o644 });
  expect(await pod.run('backup', ['--to', 'one.rdb'])).toMatchObject({ status: 0 });
  expect(statSync(join(pod.folder, 'one.rdb')).mode & 0o777).toBe(0o600);
  expect(readFileSync(planted, 'utf8')).toBe('');
});

test('the log is where the scripts look for it', () => {
  const settings = readFileSync(join(ROOT, 'deploy/k8s/base/redis.configmap.yaml'), 'utf8');
  expect(settings).toMatch(/^ +dir \/data$/m);
  expect(settings).not.toMatch(/appenddirname|appendfilename|aof-use-rdb-preamble/);
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConsumer, createProducer, DeadLetterError, defineQueue, type EnqueueOptions } from '@nines/queue';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { startRedis } from '../../tools/redis/start.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { REDIS_PROGRAM } from './backup-pod.ts';

/** deploy/CAPACITY.md against the committed measurements, against a Redis, and against the chart. */
const page = readFileSync(join(ROOT, 'deploy/CAPACITY.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')));

interface Bench {
  readonly machine: {
    readonly node: string;
    readonly cores: number;
    readonly cpu: string;
    readonly memoryGiB: number;
    readonly date: string;
  };
  readonly rows: readonly { readonly what: string; readonly ours?: { readonly median: number } }[];
}
const bench = (name: string) => JSON.parse(readFileSync(join(ROOT, `bench/${name}.json`), 'utf8')) as Bench;

/** The cell beside this one. */
function answer(question: string): number {
  const found = rows.find(([cell = '']) => cell.startsWith(question))?.[1] ?? '';
  expect(found, `no row begins with "${question}"`).toMatch(/^\d/);
  return Number.parseFloat(found);
}

const measured = rows.flatMap(([, figure = '', from = '']) => {
  const [, file, row] = /^`(queue|relay)`: (.+)$/.exec(from) ?? [];
  return file === undefined || row === undefined ? [] : [{ figure, file, row }];
});

test.each(measured)('$file: $row is $figure', ({ figure, file, row }) => {
  const median = bench(file).rows.find(({ what }) => what === row)?.ours?.median;
  expect(median, `bench/${file}.json has no row "${row}"`).toBeDefined();
  // Two digits: a third would be of that machine on that day. Whole jobs, as people write them.
  expect(Number.parseFloat(figure)).toBe(Number((median ?? 0).toPrecision(2)));
});

test('the page has figures to compare, and names the machine that they are of', () => {
  expect(measured.length).toBeGreaterThan(20);
  for (const name of ['queue', 'relay']) {
    const { node, cores, cpu, memoryGiB, date } = bench(name).machine;
    expect(page).toContain(`Node.js ${node.slice(1)}, ${cores} cores (${cpu}), ${memoryGiB} GiB, ${date}`);
  }
});

/** Bytes of Redis that each of many jobs takes, once `settled` says that all are where they belong. */
async function bytesEach(
  name: string,
  bodyBytes: number,
  options: (index: number) => EnqueueOptions,
  handler?: () => void,
): Promise<number> {
  const server = await startRedis({ program: REDIS_PROGRAM ?? 'redis-server' });
  const redis = new Redis(server.url);
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop('SIGKILL');
  });
  const count = 10_000;
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  const queue = defineQueue<string>({ name, completed: { count: name === 'completed' ? count : 1, ageMs: 3_600_000 } });
  const producer = createProducer(queue, { redis });
  const consumer = createConsumer(queue, handler ?? (() => {}), { redis, concurrency: 64 });
  onTestFinished(async () => void (await Promise.all([consumer.stop(), producer.close()])));
  const ended = Promise.withResolvers<void>();
  let left = count;
  for (const event of ['completed', 'dead'] as const) consumer.on(event, () => ((left -= 1) === 0 ? ended.resolve() : undefined));
  await (handler === undefined ? producer.enqueue('first') : consumer.start());
  const before = await used();
  await producer.enqueueMany(
    Array.from({ length: count }, () => 'y'.repeat(bodyBytes - 2)),
    (_, index) => options(index),
  );
  if (handler !== undefined) await ended.promise;
  return ((await used()) - before) / count;
}

const near = (of: number) => (bytes: number) => Math.abs(bytes / of - 1) < 0.15;
const nothing = (): EnqueueOptions => ({});
const withKey = (index: number): EnqueueOptions => ({
  deduplicate: { key: createHash('sha256').update(String(index)).digest('base64url'), ttlMs: 86_400_000 },
});
const here = REDIS_PROGRAM !== undefined;

test.skipIf(!here).each([200, 1000])('a waiting job of %i bytes takes what the page says', async (bytes) => {
  // 30 bytes are its trace, which these have not.
  expect(await bytesEach('waiting', bytes, nothing)).toSatisfy(near(140 + bytes));
  expect(rows).toContainEqual(['a waiting job with a body of *b* bytes', '170 + *b*', '`MAX_WAITING`']);
});

test.skipIf(!here)('what stays after a job takes what the page says', async () => {
  expect(await bytesEach('keys', 200, withKey, () => {})).toSatisfy(near(answer('an `Idempotency-Key`')));
  expect(await bytesEach('completed', 200, nothing, () => {})).toSatisfy(near(answer('a completed event of 200 bytes')));
  const die = () => {
    throw new DeadLetterError('the subscriber is gone');
  };
  expect(await bytesEach('dead', 200, nothing, die)).toSatisfy(near(answer('a dead letter of 200 bytes')));
});

interface Values {
  readonly api: { readonly replicas: number; readonly cpu: string };
  readonly worker: { readonly replicas: number };
  readonly redis: { readonly cpu: string; readonly memoryMi: number };
}

test('the example is computed from the values of the chart and the defaults of the services', () => {
  const { api, worker, redis } = parse(readFileSync(join(ROOT, 'deploy/chart/values.yaml'), 'utf8')) as Values;
  // As the page of the example says.
  const settings = readFileSync(join(ROOT, 'examples/gke-app/README.md'), 'utf8');
  const [concurrency, maxWaiting] = ['CONCURRENCY', 'MAX_WAITING'].map((name) =>
    Number(new RegExp(`^\\| \`${name}\` \\| (\\d+) \\|`, 'm').exec(settings)?.[1]),
  ) as [number, number];
  const cores = (cpu: string) => Number.parseInt(cpu, 10) / 1000;
  const figure = (row: string) => Number.parseFloat(measured.find((one) => one.row === row)?.figure ?? '');
  const bytes = Math.floor(redis.memoryMi * 0.7) * 2 ** 20;
  const [seconds, busy] = [0.2, 0.7];
  const job = (body: number) => 170 + body;
  expect(page).toContain(`${redis.memoryMi} MiB, so ${Math.floor(redis.memoryMi * 0.7)} MiB for data`);
  expect(answer('deliveries at the same time')).toBe(worker.replicas * concurrency);
  expect(answer('deliveries a second, if one takes 200 ms')).toBeCloseTo((worker.replicas * concurrency * busy) / seconds);
  expect(answer('workers for 500 events a second')).toBe(Math.ceil((500 * seconds) / (concurrency * busy)));
  expect(answer('events a second that the api')).toBe(
    Math.floor((api.replicas * cores(api.cpu) * 1e6) / figure('traced: CPU of the api, µs/request')),
  );
  expect(answer('jobs a second that Redis')).toBe(
    Math.floor((cores(redis.cpu) * 1e6) / figure('service, handlers of 1–50 ms: Redis CPU µs/job')),
  );
  expect(answer('waiting events of 1 kB')).toBe(Math.floor(bytes / job(1000) / 1000) * 1000);
  expect(maxWaiting).toBe(100_000);
  expect(answer('largest mean event')).toBe(Number(((bytes / maxWaiting - job(0)) / 1000).toFixed(1)));
  expect(answer('events a second with an `Idempotency-Key`')).toBe(Math.floor(bytes / answer('an `Idempotency-Key`') / 86_400));
});

import { fork, type ChildProcess } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createConsumer, createProducer, defineQueue, type Queue } from '@nines/queue';
import { Redis } from 'ioredis';
import { beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { DONE, forgetDone, once } from './once.ts';
import { addToOutbox, OUTBOX, relay } from './outbox.ts';
import { transaction } from './transaction.ts';

let serial = 0;
let name: string;
let file: string;
let redis: Redis;

beforeEach(() => {
  name = `recipes-${process.pid}-${(serial += 1)}`;
  const folder = mkdtempSync(join(tmpdir(), 'nines-recipes-'));
  file = join(folder, 'shop.db');
  redis = new Redis(inject('redisUrl'));
  onTestFinished(() => {
    redis.disconnect();
    rmSync(folder, { recursive: true, force: true });
  });
});

function start(program: string, args: readonly string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, program), args, { execArgv: ['--conditions=@nines/source'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the shop to its end; resolves to what ended it. */
async function shop(dieAt: string, ...orders: readonly string[]): Promise<unknown> {
  const [code, signal] = (await event(start('outbox-process.ts', [file, inject('redisUrl'), name, dieAt, ...orders]), 'exit')) as unknown[];
  return signal ?? code;
}

/** Handles jobs until there are so many; resolves to their payloads in order. */
async function handle<Payload>(queue: Queue<Payload>, count: number): Promise<Payload[]> {
  const handled: Payload[] = [];
  const all = Promise.withResolvers<void>();
  const consumer = createConsumer(queue, ({ payload }) => handled.push(payload) === count && all.resolve(), { redis, concurrency: 1 });
  await consumer.start();
  await all.promise;
  await consumer.stop();
  return handled;
}

const database = () => {
  const db = new DatabaseSync(file);
  onTestFinished(() => db.close());
  return db;
};

test.for(['in the transaction', 'after the commit', 'half enqueued', 'before the rows are deleted', 'after the rows are deleted'])(
  'outbox: killed %s, and after a restart each order has one job, and each job an order',
  async (dieAt) => {
    expect(await shop(dieAt, 'a', 'b', 'c')).toBe('SIGKILL');
    expect(await shop('', 'd')).toBe(0);
    const db = database();
    const orders = db
      .prepare('SELECT id FROM orders ORDER BY id')
      .all()
      .map(({ id }) => String(id));
    expect(orders).toEqual(dieAt === 'in the transaction' ? ['d'] : ['a', 'b', 'c', 'd']);
    expect(db.prepare('SELECT * FROM outbox').all()).toEqual([]);
    const jobs = await handle(defineQueue<{ order: string }>({ name }), orders.length);
    expect(jobs.map(({ order }) => order)).toEqual(orders);
    expect(await redis.exists(`{nines:default:0}:${name}:jobs`)).toBe(0);
  },
);

test('outbox: what is rolled back is never enqueued, and what the queue refuses stays with the rest done', async () => {
  const db = database();
  db.exec(OUTBOX);
  const producer = createProducer(defineQueue<{ text: string }>({ name, maxBodyBytes: 40 }), { redis });
  onTestFinished(() => producer.close());
  const refused = () =>
    transaction(db, () => {
      addToOutbox(db, 'never', { text: 'never' });
      throw new Error('the card was declined');
    });
  expect(refused).toThrow('the card was declined');
  addToOutbox(db, 'large', { text: 'x'.repeat(100) });
  addToOutbox(db, 'small', { text: 'small' });
  await expect(relay(db, producer)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  expect(db.prepare('SELECT id FROM outbox').all()).toEqual([{ id: 'large' }]);
  expect(await handle(defineQueue<{ text: string }>({ name }), 1)).toEqual([{ text: 'small' }]);
});

test('once: a worker killed after its commit and before its acknowledgement: the job runs again, its effect does not', async () => {
  const queue = defineQueue<{ cents: number }>({ name, leaseMs: 1_000 });
  const producer = createProducer(queue, { redis });
  onTestFinished(() => producer.close());
  const { id } = await producer.enqueue({ cents: 500 });
  const [, signal] = (await event(start('once-process.ts', [file, inject('redisUrl'), name]), 'exit')) as unknown[];
  expect(signal).toBe('SIGKILL');
  const db = database();
  const balance = () => db.prepare('SELECT cents FROM account').get()?.['cents'];
  expect(balance()).toBe(500);
  const again = Promise.withResolvers<unknown>();
  const consumer = createConsumer(
    queue,
    (job) => {
      const first = once(db, job.id, () => db.prepare('UPDATE account SET cents = cents + ?').run(job.payload.cents));
      again.resolve({ id: job.id, first });
    },
    { redis },
  );
  await consumer.start();
  expect(await again.promise).toEqual({ id, first: false });
  await consumer.stop();
  expect(balance()).toBe(500);
});

test('once: an effect that fails is not noted, so the next attempt runs it; what is old is forgotten', () => {
  const db = database();
  db.exec(DONE);
  const failing = () => {
    throw new Error('no such account');
  };
  expect(() => once(db, 'job', failing)).toThrow('no such account');
  expect(once(db, 'job', () => {})).toBe(true);
  expect(once(db, 'job', failing)).toBe(false);
  forgetDone(db, 60_000);
  expect(once(db, 'job', failing)).toBe(false);
  forgetDone(db, -1);
  expect(once(db, 'job', () => {})).toBe(true);
});

import { Registry } from 'prom-client';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import {
  createBatchConsumer,
  createConsumer,
  createEvents,
  createInspector,
  createProducer,
  DeadLetterError,
  defineQueue,
  fixed,
  type Handler,
  type QueueError,
} from '@nines/queue';
import { prometheus } from '@nines/queue/prometheus';
import { createScheduler } from '@nines/queue/schedules';
import { systemClock } from '../src/clock.ts';
import { acquireConnection } from '../src/redis/connection.ts';
import { createRedisStore } from '../src/redis/store.ts';
import { DEFAULT_USER, ROLES, userLine, type Role } from '../../../tools/redis-users/rights.ts';
import { start } from './cli/process.ts';
import { guardedRedis, guideLines, watchScripts, type GuardedRedis } from './guarded-redis.ts';

const roles = Object.keys(ROLES) as Role[];
const orders = defineQueue<string, string>({
  name: 'orders',
  maxAttempts: 2,
  backoff: fixed(1),
  leaseMs: 1000,
  events: true,
  rateLimit: { count: 1000, perMs: 1000 },
  globalConcurrency: 50,
  completed: { count: 1000, ageMs: 3_600_000 },
  results: { count: 1000, ageMs: 3_600_000 },
});
const closing = <One extends { close(): Promise<unknown> }>(one: One): One => {
  onTestFinished(async () => void (await one.close()));
  return one;
};

test('the guide has the lines that the scripts need, and the user that Redis reads its file back as', () => {
  expect(guideLines).toEqual([DEFAULT_USER, ...roles.map((role) => userLine(role, { namespace: 'default', name: 'orders' }))]);
});

/** Fails, dies, computes and goes on, as the payload says. */
const handle: Handler<string, string> = async ({ payload }, context) => {
  context.progress(0.5);
  if (payload === 'dead') throw new DeadLetterError('no');
  if (payload === 'twice' && context.attempt === 1) throw new Error('once');
  if (payload === 'parent') await context.enqueue(orders, 'child');
  if (payload === 'cancelled') await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
  return payload.toUpperCase();
};

/** A process that claims a job and is never heard of again. */
async function claimAndVanish(redis: Redis): Promise<void> {
  const store = closing(
    createRedisStore({ queue: orders.options, connection: acquireConnection(redis, systemClock), connectTimeoutMs: 5000 }),
  );
  await store.open();
  const claim = { token: 'vanished', known: false, settlements: [], want: 1, slots: 1, wantSuspect: false };
  expect((await store.exchange(claim)).jobs).toHaveLength(1);
}

type Sides = Readonly<Record<Role, { readonly redis: Redis }>>;

/** Jobs of every kind, through every state; one process vanishes, and every connection is cut once. */
async function work(sides: Sides, admin: Redis): Promise<void> {
  const producer = closing(createProducer(orders, sides.producer));
  const inspector = closing(createInspector(orders, sides.operator));
  await producer.enqueue('vanishes', { id: 'vanishes' });
  await claimAndVanish(sides.consumer.redis);
  const consumer = createConsumer(orders, handle, { ...sides.consumer, metrics: prometheus(new Registry()) });
  onTestFinished(async () => void (await consumer.stop({ timeoutMs: 0 })));
  await consumer.start();
  const { id } = await producer.enqueue('plain');
  expect(await producer.waitUntilCompleted(id, { timeoutMs: 20_000 })).toBe('PLAIN');
  await producer.enqueueMany(['twice', 'parent', 'dead', 'dead', 'cancelled'], (payload, at) => ({ id: `${payload}-${at}`, priority: at }));
  for (const payload of ['one', 'two']) await producer.enqueue(payload, { groupId: 'group' });
  await producer.enqueue('delayed', { delayMs: 10 });
  for (const _ of [1, 2]) await producer.enqueue('keyed', { deduplicate: { key: 'key', ttlMs: 60_000 } });
  await expect.poll(async () => (await inspector.get('cancelled-4'))?.state).toBe('active');
  await inspector.cancel({ ids: ['cancelled-4'] });
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, delayed: 0, active: 0, dead: 2, completed: 9 });
  // What was held when the connection went is compared with what Redis has.
  for (const user of ['consumer', 'producer']) await admin.client('KILL', 'USER', user);
  await expect.poll(async () => (await producer.enqueue('after', { id: 'after' })).created).toBe(false);
  await expect.poll(async () => (await inspector.get('after').catch(() => undefined))?.state).toBe('completed');
  await consumer.stop();
  const batches = createBatchConsumer(orders, () => {}, { ...sides.consumer, size: 2 });
  await batches.start();
  await producer.enqueueMany(['a', 'b']);
  await expect.poll(() => inspector.counts()).toMatchObject({ waiting: 0, active: 0 });
  await batches.stop();
  await producer.enqueueMany(['later', 'much later'], () => ({ delayMs: 3_600_000 }));
}

async function schedule(sides: Sides): Promise<void> {
  const inspector = closing(createInspector(orders, sides.operator));
  const scheduler = closing(createScheduler(orders, sides.scheduler));
  await scheduler.upsert('often', { everyMs: 1000 }, 'tick');
  await scheduler.start();
  await expect.poll(async () => (await inspector.counts()).waiting).toBeGreaterThan(0);
  expect(await scheduler.list()).toMatchObject([{ name: 'often' }]);
  await scheduler.remove('often');
  await scheduler.upsert('seldom', { everyMs: 86_400_000 }, 'tick');
}

/** What an operator does by the inspector and by the command line. */
async function operate(sides: Sides, redisUrl: string): Promise<void> {
  const inspector = closing(createInspector(orders, sides.operator));
  const cli = async (...args: readonly string[]) => {
    const ended = await start([...args, '--queue', 'orders'], { REDIS_URL: redisUrl }).ended;
    expect(ended, args.join(' ')).toMatchObject({ code: 0 });
    return ended.out;
  };
  for (const state of ['waiting', 'delayed', 'active', 'dead', 'completed'] as const) await inspector.list(state, { limit: 10 });
  const exported = await cli('export');
  expect(await inspector.purge({ ids: ['dead-2'] })).toEqual(['dead-2']);
  expect(await inspector.importDead(() => exported.split('\n').filter(Boolean))).toMatchObject({ added: 1 });
  for (const args of [['stats'], ['peek'], ['get', 'dead-3'], ['dead', 'reason=rejected'], ['pause'], ['resume']]) await cli(...args);
  await cli('redrive', '--all', '--yes');
}

test('every entry runs with the lines of the guide, each side runs the scripts it is said to, and a restart loses nothing', async () => {
  const { server, admin, connect, url } = await guardedRedis(guideLines);
  const ran = await watchScripts(admin);
  const sides = Object.fromEntries(roles.map((role) => [role, { redis: connect(role) }])) as unknown as Sides;
  const producer = closing(createProducer(orders, { ...sides.producer, metrics: prometheus(new Registry()) }));
  await producer.ready();
  const events = closing(createEvents(orders, sides.reader));
  await events.ready();
  const completed = new Set<string>();
  events.on('completed', ({ id }) => completed.add(id));
  await work(sides, admin);
  await schedule(sides);
  await operate(sides, url('operator'));
  const reader = closing(createInspector(orders, sides.reader));
  const counts = await reader.counts();
  expect(counts).toMatchObject({ delayed: 2, dead: 0 });
  expect(counts.waiting).toBeGreaterThan(2);
  expect(completed).toContain('vanishes');
  for (const role of roles) expect([...(await ran(role))].sort(), role).toEqual([...ROLES[role].scripts].sort());
  expect(await admin.acl('LOG')).toEqual([]);

  const keys = (await admin.keys('*')).toSorted();
  await server.restart('SIGKILL');
  const after = await connect('admin').keys('*');
  expect(after.toSorted()).toEqual(keys);
  await expect.poll(() => reader.counts().catch(() => undefined)).toEqual({ ...counts, oldestAgeMs: expect.any(Number) as number });
});

/** The line of a role without some commands. */
const without = (role: Role, ...rights: readonly string[]) =>
  userLine(role, { namespace: 'default', name: 'orders' })
    .split(' ')
    .filter((word) => !rights.includes(word))
    .join(' ');

/** A Redis with one user, who lacks rights. */
async function weak(role: Role, ...rights: readonly string[]): Promise<GuardedRedis & { readonly redis: Redis }> {
  const redis = await guardedRedis([DEFAULT_USER, without(role, ...rights)]);
  return { ...redis, redis: redis.connect(role) };
}

const refusal = (message: RegExp) => ({ code: 'REDIS_REFUSED', retryable: false, message: expect.stringMatching(message) as string });

test('enqueue rejects at once for a right that is missing, and names step and command', async () => {
  const { redis } = await weak('producer', '+rpush');
  const producer = closing(createProducer(orders, { redis }));
  await expect(producer.enqueue('x')).rejects.toMatchObject(
    refusal(/^Redis refused enqueue: the user of this connection lacks the right for RPUSH: /),
  );
});

test('without EVALSHA everything rejects, each with the name of the command', async () => {
  const { redis } = await weak('producer', '+evalsha');
  const lacks = refusal(/^Redis refused open: the user of this connection lacks the right for EVALSHA: NOPERM/);
  await expect(closing(createProducer(orders, { redis })).enqueue('x')).rejects.toMatchObject(lacks);
  await expect(closing(createInspector(orders, { redis })).counts()).rejects.toMatchObject(lacks);
  await expect(createConsumer(orders, handle, { redis }).start()).rejects.toMatchObject(lacks);
  await expect(closing(createScheduler(orders, { redis })).start()).rejects.toMatchObject(lacks);
});

test('a consumer that may not subscribe does not start', async () => {
  const { redis } = await weak('consumer', '+subscribe');
  await expect(createConsumer(orders, handle, { redis }).start()).rejects.toMatchObject(
    refusal(/^Redis refused SUBSCRIBE: .*lacks the right for SUBSCRIBE/),
  );
});

test('a consumer that runs is told which command it may not send, and goes on once it may', async () => {
  const { redis, admin } = await weak('consumer', '+zrem');
  const troubles: QueueError[] = [];
  const done = Promise.withResolvers<void>();
  const consumer = createConsumer(orders, handle, { redis, onError: (error) => troubles.push(error) });
  consumer.on('completed', () => done.resolve());
  onTestFinished(async () => void (await consumer.stop({ timeoutMs: 0 })));
  await consumer.start();
  await expect
    .poll(() => troubles)
    .toContainEqual(expect.objectContaining(refusal(/^Redis refused exchange: .* lacks the right for ZREM/)));
  await admin.acl('SETUSER', 'consumer', '+zrem');
  await closing(createProducer(orders, { redis: admin })).enqueue('x');
  await done.promise;
});

test.each([
  ['a wrong password', 'producer', 'wrong', /WRONGPASS/],
  ['the user default', 'default', '', /WRONGPASS|NOAUTH/],
])('%s: enqueue rejects in its time, with the words of Redis', async (_what, user, password, words) => {
  const { connect } = await guardedRedis(guideLines);
  const producer = closing(createProducer(orders, { redis: connect(user, password), enqueueTimeoutMs: 500 }));
  await expect(producer.enqueue('x')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', message: expect.stringMatching(words) as string });
});

import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startSystem, type System } from '../demo/system.ts';
import { allDelivered, jobState, newSecret, postEvent, root, setFaults } from './harness.ts';
import { onPath } from '../../../tools/redis/machine.ts';
import { commandsOfScripts, DEFAULT_USER, ROLES } from '../../../tools/redis-users/rights.ts';
import { commandsOf, redisConf, redisContainer, startChartRedis, USERS, type ChartRedis } from './chart-redis.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** What the verbs of each side run: the api has producer, inspector and the console of the queue, the worker a consumer and counts. */
const RUNS: Readonly<Record<'api' | 'worker', readonly string[]>> = {
  api: 'open enqueue counts get list outcomes cancel pause page_dead add_dead redrive purge schedules'.split(' '),
  worker: 'open exchange reconcile counts enqueue due tick'.split(' '),
};
test.each(['api', 'worker'] as const)('%s may send what it sends and what its scripts call, and nothing else', (user) => {
  // PING is nobody's but the probe's.
  const commands = [...ROLES.consumer.sends, ...commandsOfScripts(RUNS[user])];
  expect(commandsOf(user).sort()).toEqual([...new Set(commands)].sort());
});

test('the user that Redis reads its log back as is that of the guide to Redis users', () => {
  expect(redisConf().split('\n')).toContain(DEFAULT_USER);
});

const program = onPath('redis-server');
if (program === undefined) console.warn('SKIPPED: the users of Redis are tried with a redis-server, and none is on PATH');

describe.skipIf(program === undefined)('on a Redis with the users of the chart', () => {
  const token = 'operators-only-0123456789';
  let redis: ChartRedis;
  let system: System;
  let adminUrl: string;
  beforeAll(async () => {
    redis = await startChartRedis(program!);
    const env = {
      RETRY_MIN_MS: '50',
      RETRY_MAX_MS: '200',
      LEASE_MS: '1000',
      BREAKER_MINIMUM_CALLS: '10000',
      ADMIN_TOKEN: token,
      ADMIN_PORT: '0',
    };
    system = await startSystem({ redisUrl: redis.url('api'), workerRedisUrl: redis.url('worker'), secret: newSecret(), workers: 2, env });
    const { fields } = await system.api.line((line) => line.fields['msg'] === 'admin listening');
    adminUrl = String(fields['url']);
  });
  afterAll(async () => {
    await system?.stop('SIGKILL');
    await redis?.stop();
  });

  const connect = (user: string, password?: string) =>
    new Redis(redis.url(user, password), {
      disableClientInfo: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
      lazyConnect: true,
    });
  const admin = async (path: string, method = 'POST') => {
    const response = await fetch(`${adminUrl}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    expect(response.status, `${method} ${path}`).toBeLessThan(300);
    return response.text();
  };

  test('a whole run needs no more: delivered, retried, dead-lettered, redriven, looked at, and a worker that was killed', async () => {
    const send = async (count: number) =>
      (await Promise.all(Array.from({ length: count }, (_, at) => postEvent(system.apiUrl, { at })))).map(String);
    await allDelivered(system.receiver, await send(20));

    await setFaults(system, { mode: 'status', status: 503 });
    const [retried = ''] = await send(1);
    await expect
      .poll(() => jobState(system, retried), { timeout: 20_000 })
      .toMatchObject({ failedAttempts: expect.any(Number) as number, state: 'delayed' });
    await setFaults(system, { mode: 'status', status: 410 });
    const [dead = ''] = await send(1);
    await expect.poll(() => jobState(system, dead), { timeout: 20_000 }).toMatchObject({ state: 'dead' });
    await setFaults(system, { mode: 'none' });
    for (const path of ['/jobs', '/jobs?state=dead', '/dead-letters']) await admin(path, 'GET');
    await admin('/dead-letters/redrive');
    await allDelivered(system.receiver, [retried, dead]);

    await setFaults(system, { latencyMs: 300 });
    const inHand = await send(40);
    await system.receiver.line((line) => line.fields['jobId'] === inHand[0]);
    const crashed = system.addWorker();
    process.kill((await crashed).pid, 'SIGKILL');
    await setFaults(system, { mode: 'none', latencyMs: 0 });
    await allDelivered(system.receiver, inHand);

    const operator = connect('operator');
    expect(await operator.acl('LOG')).toEqual([]);
    operator.disconnect();
    const refused = system.processes().flatMap(({ lines }) => lines.filter(({ text }) => text.includes('NOPERM')));
    expect(refused.map(({ text }) => text)).toEqual([]);
  });

  const UNNEEDED = [
    'FLUSHALL',
    'FLUSHDB',
    'CONFIG GET dir',
    'CONFIG SET maxmemory 1',
    'KEYS *',
    'SCAN 0',
    'DEBUG SLEEP 0',
    'SHUTDOWN NOSAVE',
    'ACL LIST',
    'ACL SETUSER x',
    'SCRIPT FLUSH',
    'FUNCTION LIST',
    'MONITOR',
    'CLIENT KILL TYPE normal',
    'REPLICAOF host 1',
    'MODULE LIST',
    'DEL {nines:webhooks:0}:deliveries:jobs',
    'RENAME {nines:webhooks:0}:deliveries:jobs x',
    'GET other',
    'HGET other x',
    'HGET {nines:webhooks:0}:other:jobs x',
    'SUBSCRIBE other',
    'PSUBSCRIBE *',
  ];
  test.each(USERS.flatMap((user) => UNNEEDED.map((command) => [user, command] as const)))('%s may not %s', async (user, command) => {
    const client = connect(user);
    const [name = '', ...args] = command.split(' ');
    await expect(client.call(name, args)).rejects.toThrow(/^NOPERM|^ERR DEBUG command not allowed|^ERR unknown command `FUNCTION`/);
    client.disconnect();
  });

  test('nor by a script of its own', async () => {
    const client = connect('api');
    await expect(client.eval("return redis.call('GET', KEYS[1])", 1, 'other')).rejects.toThrow(/permission|NOPERM/);
    await expect(client.eval("return redis.call('CONFIG', 'GET', 'dir')", 0)).rejects.toThrow(/permission|NOPERM|not allowed/);
    client.disconnect();
  });

  test('nobody gets in without a user, or with the password of another', async () => {
    const anonymous = new Redis(redis.port, '127.0.0.1', { disableClientInfo: true, enableReadyCheck: false, retryStrategy: () => null });
    anonymous.on('error', () => {});
    await expect(anonymous.call('PING')).rejects.toThrow(/^NOAUTH/);
    anonymous.disconnect();
    for (const [user, password] of [
      ['default', ''],
      ['api', 'workerworker'],
    ] as const) {
      const client = connect(user, password);
      client.on('error', () => {});
      await expect(client.connect()).rejects.toThrow();
      client.disconnect();
    }
  });

  test.skipIf(onPath('redis-cli') === undefined)('the probes of the pod answer, and their user may only do that', async () => {
    const { startupProbe, readinessProbe } = redisContainer();
    const [command = '', ...args] = readinessProbe!.exec!.command!;
    expect(startupProbe!.exec).toEqual(readinessProbe!.exec);
    const probe = (last: readonly string[]) =>
      spawnSync(command, ['-p', String(redis.port), ...args.slice(0, -1), ...last], { encoding: 'utf8' });
    expect(probe(args.slice(-1))).toMatchObject({ status: 0, stdout: 'PONG\n' });
    for (const other of ['INFO', 'ACL WHOAMI', 'GET x', 'SUBSCRIBE x'])
      expect(probe(other.split(' ')), other).toMatchObject({ status: 1, stderr: expect.stringMatching(/NOPERM/) as string });
  });

  test('the operator does with nines-queue what the runbooks ask for', async () => {
    const cli = (...args: string[]) =>
      promisify(execFile)(
        process.execPath,
        ['--conditions=@nines/source', 'packages/queue/src/cli.ts', ...args, '--queue', 'deliveries', '--namespace', 'webhooks'],
        {
          cwd: root,
          env: { ...process.env, REDIS_URL: redis.url('operator') },
        },
      );
    await setFaults(system, { mode: 'status', status: 410 });
    const id = String(await postEvent(system.apiUrl, {}));
    await expect.poll(() => jobState(system, id), { timeout: 20_000 }).toMatchObject({ state: 'dead' });
    await setFaults(system, { mode: 'none' });
    expect((await cli('dead', 'reason=rejected')).stdout).toContain(id);
    for (const command of [['stats'], ['peek'], ['get', id], ['export'], ['pause'], ['resume'], ['redrive', '--all', '--yes']])
      await cli(...command);
    await allDelivered(system.receiver, [id]);
  });

  test('the operator sees how Redis is', async () => {
    const operator = connect('operator');
    expect(await operator.call('INFO', ['memory'])).toContain('maxmemory_policy:noeviction');
    expect(await operator.call('CLIENT', ['LIST'])).toMatch(/user=api/);
    expect(await operator.call('SLOWLOG', ['GET', '1'])).toBeInstanceOf(Array);
    operator.disconnect();
  });
});

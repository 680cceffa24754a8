import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createLogger } from '../logging/pino.ts';
import { runningTelemetry, startTelemetry } from '../start.ts';
import { memoryLogs } from '../testing/logs.ts';
import { type MemorySpans, memorySpans } from '../testing/spans.ts';
import { patchRedis } from './redis-patch.ts';

const canary = 'canary-7f3a';
let spans: MemorySpans;

/** The folder of a program that has ioredis 5. */
function programWithRedis5(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nines-ioredis5-'));
  mkdirSync(join(folder, 'node_modules'));
  const real = dirname(createRequire(import.meta.url).resolve('ioredis5/package.json'));
  symlinkSync(real, join(folder, 'node_modules', 'ioredis'));
  return join(folder, 'main.js');
}

beforeEach(async () => {
  spans = memorySpans();
  const quiet = { logs: { destination: memoryLogs() }, shutdown: { signals: false } };
  await startTelemetry({ serviceName: 'api', ...quiet, traces: { spanProcessors: [spans] } });
});
afterEach(() => runningTelemetry()?.shutdown());

type Client = Pick<Redis6, 'call' | 'multi' | 'pipeline' | 'eval' | 'set' | 'get' | 'quit'>;

const clients: readonly (readonly [string, (url: string) => Client])[] = [
  ['6, which publishes its commands', (url) => new Redis6(url, { db: 3 })],
  [
    '5, which is patched',
    (url) => {
      onTestFinished(patchRedis(programWithRedis5()));
      return new Redis5(url, { db: 3 }) as unknown as Client;
    },
  ],
];

/** One of each class of command, each with the canary wherever an argument may stand. */
async function everyCommand(redis: Client, onError: (error: unknown) => void = () => undefined): Promise<void> {
  const key = `{t}${canary}`;
  const commands: readonly (readonly [string, ...string[]])[] = [
    ['SET', key, canary],
    ['GET', key],
    ['HSET', `${key}h`, canary, canary],
    ['HMGET', `${key}h`, canary],
    ['LPUSH', `${key}l`, canary],
    ['LREM', `${key}l`, '0', canary],
    ['SADD', `${key}s`, canary],
    ['ZADD', `${key}z`, '1', canary],
    ['ZREM', `${key}z`, canary],
    ['XADD', `${key}x`, '*', canary, canary],
    ['PFADD', `${key}p`, canary],
    ['SETBIT', `${key}b`, '7', '1'],
    ['GEOADD', `${key}g`, '1', '1', canary],
    ['PUBLISH', canary, canary],
    ['ECHO', canary],
    ['EVAL', `return '${canary}'`, '1', key, canary],
    ['CLIENT', 'SETNAME', canary],
    ['AUTH', canary],
    [canary, canary],
    ['DEL', key, `${key}h`, `${key}l`, `${key}s`, `${key}z`, `${key}x`, `${key}p`, `${key}b`, `${key}g`],
  ];
  for (const [name, ...args] of commands) await redis.call(name, ...args).catch(onError);
  await redis.multi().set(key, canary).get(key).del(key).exec();
  await redis.pipeline().set(key, canary).del(key).exec();
}

describe.for(clients)('ioredis %s', ([, connect]) => {
  test('each command is a client span inside the span of the program, and no argument of any is in it', async () => {
    const redis = connect(inject('redisUrl'));
    await redis.get('connected'); // What is sent before the connection is there is not published.
    await trace.getTracer('test').startActiveSpan('work', async (work) => {
      await everyCommand(redis);
      work.end();
    });
    await redis.quit();
    const work = spans.spans.find((span) => span.name === 'work');
    const commands = spans.spans.filter((span) => span !== work);
    expect(commands.length).toBeGreaterThan(24);
    expect(new Set(commands.map((span) => span.parentSpanContext?.spanId))).toEqual(new Set([work?.spanContext().spanId]));
    const set = commands.find((span) => span.name === 'SET');
    const url = new URL(inject('redisUrl'));
    expect(set?.attributes).toEqual({
      'db.system.name': 'redis',
      'db.operation.name': 'SET',
      'db.namespace': '3',
      'server.address': url.hostname,
      'server.port': Number(url.port),
    });
    const shown = commands.map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status }));
    expect(JSON.stringify(shown).toLowerCase()).not.toContain(canary);
  });

  test('no argument is in a line about a command that failed, nor in a metric', async () => {
    const redis = connect(inject('redisUrl'));
    const telemetry = runningTelemetry();
    const logs = memoryLogs();
    const logger = createLogger({ serviceName: 'api', destination: logs });
    await everyCommand(redis, (err) => {
      logger.error({ err }, 'as err');
      logger.child({ job: 7, error: err }).warn({ list: [err] }, 'elsewhere');
      logger.error(new Error('outer', { cause: err }) as never);
    });
    await redis.quit();
    expect(logs.lines.length).toBeGreaterThan(5);
    expect(logs.lines[0]).toMatchObject({ err: { type: expect.stringMatching(/Error$/u), message: expect.any(String), command: 'AUTH' } });
    expect(JSON.stringify(logs.lines).toLowerCase()).not.toContain(canary);
    expect((await telemetry?.metrics.metrics())?.toLowerCase()).not.toContain(canary);
  });

  test('a command that fails is marked with the first word of its error', async () => {
    const redis = connect(inject('redisUrl'));
    const key = `wrong-type-${crypto.randomUUID()}`;
    await trace.getTracer('test').startActiveSpan('work', async (work) => {
      await redis.set(key, canary);
      await expect(redis.call('LPUSH', key, 'x')).rejects.toThrow('WRONGTYPE');
      await redis.call('DEL', key);
      work.end();
    });
    await redis.quit();
    const failed = spans.spans.find((span) => span.name === 'LPUSH');
    expect(failed?.attributes).toMatchObject({ 'error.type': 'ReplyError', 'db.response.status_code': 'WRONGTYPE' });
    expect(failed?.status).toEqual({ code: SpanStatusCode.ERROR });
  });

  test('outside of a span there is none', async () => {
    const redis = connect(inject('redisUrl'));
    await redis.get('nothing');
    await redis.quit();
    expect(spans.spans).toEqual([]);
  });
});

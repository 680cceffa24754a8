import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { startRedis, type RunningRedis } from '../../../tools/redis/start.ts';

/** A Redis of the test's own, which it may stop, fill and break; all ends with the test. */
export async function ownRedis(...args: readonly string[]): Promise<{ readonly server: RunningRedis; readonly redis: Redis }> {
  const server = await startRedis({ program: 'redis-server', args });
  const redis = new Redis(server.url, { retryStrategy: () => 10 });
  redis.on('error', () => {});
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop('SIGKILL');
  });
  return { server, redis };
}

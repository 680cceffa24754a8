import { Redis as Redis5 } from 'ioredis5';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { consumerSuite } from './consumer.suite.ts';

for (const [name, connect] of [
  ['ioredis 6', () => new Redis(inject('redisUrl'))],
  ['ioredis 5', () => new Redis5(inject('redisUrl')) as unknown as Redis],
] as const) {
  let client: Redis | undefined;
  consumerSuite(
    `Redis by ${name}`,
    () => ({ redis: (client ??= connect()) }),
    () => {
      client?.disconnect();
      client = undefined;
    },
  );
}

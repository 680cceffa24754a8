// Commands through a pipeline: reads are repeated, writes are not. A stand-in for `new Redis()` of ioredis, so that it runs anywhere.
import { fixed, pipeline, timeout } from '@nines/resilience';
import { redisErrors, redisWith } from '@nines/resilience/ioredis';
import { pRetry } from '@nines/resilience/p-retry';
import { flaky } from '@nines/resilience/testing';

const lost = (): Error => new Error('Connection is closed.');
const connection = { getBuiltinCommands: () => ['get', 'incr'], get: flaky(2, 'stock', lost), incr: flaky(1, 1, lost) };

const policies = [pRetry({ maxAttempts: 3, backoff: fixed(1) }), timeout({ attemptMs: 100 })];
const redis = redisWith(pipeline('redis', policies, { classify: redisErrors() }), connection);
console.log(await redis.get('a'), 'after', connection.get.calls, 'attempts');
await redis.incr('b').catch((error: Error) => console.log(error.message, 'after', connection.incr.calls, 'attempt'));

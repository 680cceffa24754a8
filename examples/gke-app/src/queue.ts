import { defineQueue, exponential, type Queue } from '@nines/queue';
import { Redis } from 'ioredis';
import type { SharedConfig } from './config.ts';

/** One event on its way to one destination. */
export interface Delivery {
  readonly destination: string;
  readonly type?: string;
  /** Absent for what goes into an envelope: the worker makes that, so the same event is the same job, whenever it is sent again. */
  readonly contentType?: string;
  /** The very text that is sent, or the `data` of the envelope: JSON is UTF-8, so text and bytes are one. */
  readonly body: string;
}

/** The queue between api and worker; both sides make it from the same settings. */
export function deliveriesQueue({
  namespace,
  leaseMs,
  maxWaiting,
  maxEventBytes,
  retryMinMs,
  retryMaxMs,
}: SharedConfig['queue']): Queue<Delivery> {
  return defineQueue<Delivery>({
    name: 'deliveries',
    namespace,
    leaseMs,
    maxWaiting,
    // Text grows inside JSON, at most twofold: each quote, backslash and line end gets a backslash.
    maxBodyBytes: 2 * maxEventBytes + 4096,
    // Half a second, then twice as long each time up to an hour: about seven hours in all, so a receiver may be away for a night's repair.
    maxAttempts: 20,
    backoff: exponential({ baseMs: retryMinMs, maxMs: retryMaxMs, jitter: 'equal' }),
    attemptTimeoutMs: 60_000,
    // So that GET /jobs/:id can answer `completed` for an hour.
    completed: { count: 10_000, ageMs: 3_600_000 },
  });
}

/** The connection that the queue duplicates; it is never opened itself. */
export function redisClient(redisUrl: string, redisCa?: string): Redis {
  // It names itself to Redis by CLIENT SETINFO otherwise, which a user that may do only what it needs may not.
  return new Redis(redisUrl, { lazyConnect: true, disableClientInfo: true, ...(redisCa === undefined ? {} : { tls: { ca: redisCa } }) });
}

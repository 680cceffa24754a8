import { createHash, timingSafeEqual } from 'node:crypto';
import { pipeline, type ResilienceError } from '@nines/resilience';
import { rateLimit } from '@nines/resilience/throttle';
import type { ApiKeys } from '../api-keys.ts';
import type { ApiConfig } from '../config.ts';
import { Problem, retryAfter } from './problem.ts';

/** Everybody, while keys are off. An address would tell nobody apart: behind a load balancer all have the same one. */
const ANYBODY = 'anybody';

/**
 * Lets in whoever has a key, no more often than allowed, and says who it is. Each caller has one token bucket, so there are as
 * many of them as there are keys.
 *
 * @throws {Problem} 401, 429.
 */
export function createAccess(keys: ApiKeys, rate: ApiConfig['rate']): (authorization: string | undefined) => Promise<string> {
  const callers = keys === undefined ? [ANYBODY] : [...keys.keys()];
  const limits = new Map(callers.map((caller) => [caller, pipeline(`caller ${caller}`, [rateLimit(rate)])]));
  return async (authorization) => {
    const caller = keys === undefined ? ANYBODY : ownerOf(bearer(authorization), keys);
    const limit = limits.get(caller ?? '');
    if (caller === undefined || limit === undefined) throw unauthorized('send Authorization: Bearer, and the key that you were given');
    const outcome = await limit.executeOutcome(() => {});
    if (outcome.ok) return caller;
    const { retryAfterMs = 1000 } = outcome.error as ResilienceError;
    throw new Problem(
      429,
      'RATE_LIMITED',
      `more than ${rate.permitsPerSecond} requests a second; come again later`,
      retryAfter(retryAfterMs),
    );
  };
}

/** The token of `Authorization: Bearer`. */
export function bearer(authorization = ''): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,1024})$/i.exec(authorization)?.[1];
}

/** Whose token it is. Each hash is compared, in constant time, so that the time says nothing of any. */
export function ownerOf(token: string | undefined, keys: ReadonlyMap<string, Buffer>): string | undefined {
  if (token === undefined) return undefined;
  const hash = sha256(token);
  let owner: string | undefined;
  for (const [name, known] of keys) if (timingSafeEqual(known, hash)) owner = name;
  return owner;
}

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function unauthorized(detail: string, scheme = 'Bearer'): Problem {
  return new Problem(401, 'UNAUTHORIZED', detail, { 'WWW-Authenticate': `${scheme} realm="nines"` });
}

import { createHash } from 'node:crypto';
import type { Deduplicate } from '@nines/queue';
import { Problem } from '../http/problem.ts';

const DAY_MS = 86_400_000;

/**
 * What `Idempotency-Key` asks for: the event is taken once, however often it is sent within a day. A caller's keys say nothing
 * about those of another one, and their digest has the length that the queue allows.
 *
 * @throws {Problem} 400 unless it is 1 to 255 visible ASCII characters.
 */
export function readIdempotencyKey(header: unknown, caller: string): { readonly deduplicate?: Deduplicate } {
  if (header === undefined) return {};
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header))
    throw new Problem(400, 'INVALID_IDEMPOTENCY_KEY', 'Idempotency-Key must be 1 to 255 visible ASCII characters, without spaces');
  const key = createHash('sha256').update(`${caller}\n${header}`).digest('base64url');
  return { deduplicate: { key, ttlMs: DAY_MS } };
}

/**
 * What `X-Request-Timeout-Ms` asks for: after that time nobody needs the event any more, so it is dead-lettered instead of sent.
 *
 * @throws {Problem} 400 unless it is a whole number of milliseconds, a day at most.
 */
export function readTimeout(header: unknown): { readonly deadlineMs?: number } {
  if (header === undefined) return {};
  const deadlineMs = typeof header === 'string' && /^\d{1,8}$/.test(header) ? Number(header) : 0;
  if (deadlineMs >= 1 && deadlineMs <= DAY_MS) return { deadlineMs };
  throw new Problem(400, 'INVALID_TIMEOUT', `X-Request-Timeout-Ms must be a whole number from 1 to ${DAY_MS}`);
}

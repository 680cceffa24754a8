import type { FollowUp } from './store.ts';

/** What came of one attempt; the runner decides it, the consumer acts on it. */
export type Outcome =
  | { readonly verb: 'completed'; readonly followUps?: readonly FollowUp[] | undefined; readonly result?: Buffer | undefined }
  | { readonly verb: 'cancelled' }
  | { readonly verb: 'retry'; readonly delayMs: number; readonly countsAsAttempt: boolean; readonly error: unknown }
  | { readonly verb: 'dead'; readonly reason: DeadReason; readonly countsAsAttempt: boolean; readonly error: unknown };

/**
 * Why a job was dead-lettered: its attempts were used up; its handler rejected it; its payload does not match the schema, or cannot be read;
 * its deadline passed before it was done; it was lost again and again with the process that ran it; what its handler returned cannot be kept.
 */
export type DeadReason = 'attempts-exhausted' | 'rejected' | 'invalid-payload' | 'unreadable' | 'deadline' | 'poison' | 'invalid-result';

const deadLetter: unique symbol = Symbol.for('@nines/queue.DeadLetterError') as never;
const retryLater: unique symbol = Symbol.for('@nines/queue.RetryLaterError') as never;

/**
 * Thrown by a handler for a job that no retry can help: it is dead-lettered at once.
 *
 * @example
 * ```ts
 * import { DeadLetterError } from '@nines/queue';
 *
 * const error = new DeadLetterError('the subscriber answered 410 Gone');
 * console.log(error.message); // the subscriber answered 410 Gone
 * ```
 */
export class DeadLetterError extends Error {
  override readonly name: string = 'DeadLetterError';
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    Object.defineProperty(this, deadLetter, { value: true });
  }
}

/**
 * Thrown by a handler that knows when to try again: the job is retried after `delayMs` instead of its backoff.
 * With `countsAsAttempt: false` the attempt is not counted towards `maxAttempts`.
 *
 * @example
 * ```ts
 * import { RetryLaterError } from '@nines/queue';
 *
 * const error = new RetryLaterError('the subscriber asked for patience', { delayMs: 30_000, countsAsAttempt: false });
 * console.log(error.delayMs); // 30000
 * ```
 */
export class RetryLaterError extends Error {
  override readonly name: string = 'RetryLaterError';
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether this attempt is counted. Default true. */
  readonly countsAsAttempt: boolean;
  constructor(message: string, options: { readonly delayMs: number; readonly countsAsAttempt?: boolean; readonly cause?: unknown }) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.delayMs = Math.max(0, Math.ceil(options.delayMs));
    this.countsAsAttempt = options.countsAsAttempt ?? true;
    Object.defineProperty(this, retryLater, { value: true });
  }
}

export function isDeadLetter(error: unknown): error is DeadLetterError {
  return typeof error === 'object' && error !== null && deadLetter in error;
}

export function isRetryLater(error: unknown): error is RetryLaterError {
  return typeof error === 'object' && error !== null && retryLater in error;
}

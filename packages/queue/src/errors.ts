/** Every way in which the queue refuses or fails; documented in docs/errors.md. */
export type QueueErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_FILTER'
  | 'INVALID_LINE'
  | 'INVALID_PAYLOAD'
  | 'PAYLOAD_TOO_LARGE'
  | 'PAYLOAD_NOT_SERIALISABLE'
  | 'QUEUE_FULL'
  | 'DURABILITY_NOT_REACHED'
  | 'DURABILITY_UNSUPPORTED'
  | 'EVICTION_POLICY'
  | 'NOT_PERSISTENT'
  | 'REDIS_UNAVAILABLE'
  | 'REDIS_OUT_OF_MEMORY'
  | 'REDIS_REFUSED'
  | 'KEY_PREFIX_UNSUPPORTED'
  | 'LAYOUT_MISMATCH'
  | 'PARTITIONS_MISMATCH'
  | 'ENVELOPE_UNREADABLE'
  | 'SCHEDULE_UNREADABLE'
  | 'SCHEDULES_FULL'
  | 'TICKS_SKIPPED'
  | 'NOT_COLOCATED'
  | 'BATCH_OUTCOMES'
  | 'INVALID_RESULT'
  | 'RESULTS_DISABLED'
  | 'JOB_DEAD_LETTERED'
  | 'JOB_CANCELLED'
  | 'JOB_UNKNOWN'
  | 'WAIT_TIMEOUT'
  | 'LISTENER_FAILED'
  | 'CLOSED'
  | 'LEASE_LOST'
  | 'LEASE_AT_RISK'
  | 'ATTEMPT_TIMEOUT'
  | 'DEADLINE_EXCEEDED'
  | 'STOPPED';

/** What a {@link QueueError} carries besides code and message. */
export interface QueueErrorDetails {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  /** When it makes sense to try again, in milliseconds; only where the queue can tell. */
  readonly retryAfterMs?: number;
  /** What exactly is wrong with a payload: one line per fault, with its path. */
  readonly issues?: readonly string[];
  /** Why a job was dead-lettered. */
  readonly reason?: string;
}

const brand: unique symbol = Symbol.for('@nines/queue.QueueError') as never;

/**
 * The error of everything in this package.
 *
 * `code` is a closed set, `retryable` says whether the same call may succeed later, `cause` is what lies beneath.
 * Recognise it with {@link isQueueError}: unlike `instanceof`, that also works when two copies are installed.
 */
export class QueueError extends Error {
  override readonly name: string = 'QueueError';
  readonly code: QueueErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly issues: readonly string[];
  /** Of `JOB_DEAD_LETTERED`: why, as `deadReason` of the inspector says it. */
  readonly reason: string | undefined;

  constructor(code: QueueErrorCode, message: string, details: QueueErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.issues = details.issues ?? [];
    this.reason = details.reason;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Tells whether a caught value is an error of this package.
 *
 * @example
 * ```ts
 * import { isQueueError } from '@nines/queue';
 *
 * console.log(isQueueError(new Error('no'))); // false
 * ```
 */
export function isQueueError(value: unknown): value is QueueError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** What went wrong, as an error of this package. */
export function asQueueError(error: unknown): QueueError {
  return isQueueError(error) ? error : new QueueError('REDIS_REFUSED', 'an exchange with the store failed', { cause: error });
}

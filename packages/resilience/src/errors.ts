import type { AttemptRecord } from './outcome.ts';

/** Every code a {@link ResilienceError} may carry. The union is closed: a new code is a new minor version. */
export type ResilienceErrorCode =
  | 'TIMEOUT'
  | 'DEADLINE_EXCEEDED'
  | 'CIRCUIT_OPEN'
  | 'CIRCUIT_ISOLATED'
  | 'BULKHEAD_FULL'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED'
  | 'THROTTLED'
  | 'RETRIES_EXHAUSTED'
  | 'ABORTED'
  | 'INVALID_OPTION'
  | 'POLICY_ORDER';

/** What a {@link ResilienceError} is built from. */
export interface ResilienceErrorDetails {
  /** Name of the policy that spoke, such as `timeout`. */
  readonly policy?: string | undefined;
  /** Name of the pipeline in which it spoke. */
  readonly pipeline?: string | undefined;
  /** Milliseconds after which a new try makes sense, when that is known. */
  readonly retryAfterMs?: number | undefined;
  /** The attempts made so far, oldest first. Default: none. */
  readonly attempts?: readonly AttemptRecord[] | undefined;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** Set on every error of this package, so that two installed copies recognise each other's errors. */
const BRAND: unique symbol = Symbol.for('@nines/resilience.error');

/** A mistake in the program, or the caller's wish: the same call would end in the same way. */
const FINAL: ReadonlySet<ResilienceErrorCode> = new Set(['ABORTED', 'INVALID_OPTION', 'POLICY_ORDER']);

/**
 * The one error class of this package. Told apart by {@link ResilienceError.code}.
 *
 * `instanceof` works across two installed copies, because it looks at a brand and not at the class.
 *
 * | code | when | retryable |
 * |---|---|---|
 * | `TIMEOUT` | one attempt took longer than `attemptMs` | yes |
 * | `DEADLINE_EXCEEDED` | the whole call took longer than `totalMs` | yes |
 * | `CIRCUIT_OPEN` | a breaker refused the call; `retryAfterMs` says when it will probe | yes |
 * | `CIRCUIT_ISOLATED` | a breaker was isolated by hand | yes |
 * | `BULKHEAD_FULL` | too many calls run and wait, or the wait was too long | yes |
 * | `LIMIT_EXCEEDED` | a limit of `adaptiveLimit` or `loadShedding` has no place for it, or gave its place in the queue to what matters more | yes |
 * | `RATE_LIMITED` | no permit; `retryAfterMs` says when there is one | yes |
 * | `THROTTLED` | the dependency refuses so much that the call was not sent | yes |
 * | `RETRIES_EXHAUSTED` | the last attempt allowed failed; `attempts` holds every error, `cause` the last | yes |
 * | `ABORTED` | the caller aborted; `cause` is the reason given. Also the reason of the `ctx.signal` of a run that a hedge overtook | no |
 * | `INVALID_OPTION` | an option was refused, at construction | no |
 * | `POLICY_ORDER` | the policies of a pipeline stand in a wrong order, at construction | no |
 *
 * @example
 * ```ts
 * import { ResilienceError, pipeline, timeout } from '@nines/resilience';
 *
 * const slow = pipeline('slow', [timeout({ attemptMs: 10 })]);
 * try {
 *   await slow.execute(() => new Promise(() => {}));
 * } catch (error) {
 *   if (error instanceof ResilienceError) console.log(error.code, error.retryable); // TIMEOUT true
 * }
 * ```
 */
export class ResilienceError extends Error {
  // Declared, not initialised: the constructor sets each of them, and a field that is set twice costs code and time.

  /** Which kind of error this is. */
  declare readonly code: ResilienceErrorCode;
  /** Whether the same call may succeed later. */
  declare readonly retryable: boolean;
  /** Name of the policy that spoke, if one did. */
  declare readonly policy: string | undefined;
  /** Name of the pipeline in which it spoke, if in one. */
  declare readonly pipeline: string | undefined;
  /** Milliseconds after which a new try makes sense, when that is known. */
  declare readonly retryAfterMs: number | undefined;
  /** The attempts made, oldest first, each with its own error. */
  declare readonly attempts: readonly AttemptRecord[];

  constructor(code: ResilienceErrorCode, message: string, details: ResilienceErrorDetails = {}) {
    const { policy, pipeline, retryAfterMs, attempts = [], cause } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = !FINAL.has(code);
    this.policy = policy;
    this.pipeline = pipeline;
    this.retryAfterMs = retryAfterMs;
    this.attempts = attempts;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Always `ResilienceError`. */
  override get name(): string {
    return 'ResilienceError';
  }

  /** True for an error of any installed copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isResilienceError(value);
  }
}

/**
 * True when the value is an error of this package, of this or of another installed copy of it.
 *
 * @example
 * ```ts
 * import { isResilienceError } from '@nines/resilience';
 *
 * console.log(isResilienceError(new Error('other'))); // false
 * ```
 */
export function isResilienceError(value: unknown): value is ResilienceError {
  return (value as Record<symbol, unknown> | null | undefined)?.[BRAND] === true;
}

import type { Attempt } from './attempts.ts';
import type { Clock } from './clock.ts';
import type { Queue } from './define.ts';
import { isQueueError } from './errors.ts';
import type { FailureRecord } from './failure-record.ts';
import type { FailureVerdict, ResolvedQueueOptions } from './options.ts';
import { isDeadLetter, isRetryLater, type DeadReason, type Outcome } from './outcome.ts';

interface JudgeOptions {
  readonly queue: Pick<Queue<unknown, unknown>, 'options'>;
  readonly clock: Clock;
  readonly random: () => number;
}

interface Failed {
  readonly failure: FailureRecord;
  readonly attempt: Attempt;
  /** Whether the handler was called. */
  readonly started: boolean;
  readonly error: unknown;
}

/** What comes of a failed attempt: what the handler said by its error, else what the queue's `classify` says. */
export function judge({ queue, random, clock }: JudgeOptions, { failure, attempt, started, error }: Failed): Outcome {
  const { maxAttempts, backoff } = queue.options;
  if (attempt.abandoned?.code === 'JOB_CANCELLED') return CANCELLED;
  const dead = (reason: DeadReason): Outcome => ({ verb: 'dead', reason, countsAsAttempt: started, error });
  if (attempt.deadlineAt <= attempt.startedAt) return dead('deadline');
  if (!started && isQueueError(error) && error.code === 'ENVELOPE_UNREADABLE') return dead('unreadable');
  if (isQueueError(error) && error.code === 'INVALID_PAYLOAD') return dead('invalid-payload');
  // The work is done, and would come to the same again.
  if (isQueueError(error) && error.code === 'INVALID_RESULT') return dead('invalid-result');
  if (isDeadLetter(error)) return dead('rejected');
  const verdict = isRetryLater(error)
    ? { retryAfterMs: error.delayMs, countsAsAttempt: error.countsAsAttempt }
    : ask(queue.options, error, failure);
  if (verdict === 'dead-letter') return dead('rejected');
  const { retryAfterMs, countsAsAttempt = true } = verdict === 'retry' ? COUNTED : verdict;
  const attempts = failure.attempts + (countsAsAttempt ? 1 : 0);
  if (attempts >= maxAttempts) return dead('attempts-exhausted');
  const delayMs = Math.ceil(retryAfterMs ?? backoff(Math.max(1, attempts), random, retryAfterOf(error)));
  // What would come back too late is not kept waiting.
  if (clock.now() + delayMs >= attempt.deadlineAt) return dead('deadline');
  return { verb: 'retry', delayMs, countsAsAttempt, error };
}

const CANCELLED: Outcome = Object.freeze({ verb: 'cancelled' });
const COUNTED: Exclude<FailureVerdict, string> = Object.freeze({ countsAsAttempt: true });

/** A classifier that fails, or says what nobody understands, must not cost the job: it is retried then. */
function ask({ classify }: ResolvedQueueOptions, error: unknown, { attempts }: FailureRecord): FailureVerdict {
  try {
    const verdict = classify(error, attempts + 1);
    if (verdict === 'dead-letter') return verdict;
    if (typeof verdict !== 'object' || verdict === null) return 'retry';
    const { retryAfterMs } = verdict;
    return retryAfterMs === undefined || (retryAfterMs >= 0 && retryAfterMs <= YEAR_MS) ? verdict : 'retry';
  } catch {
    return 'retry';
  }
}

const YEAR_MS = 31_622_400_000;

/** What a called service asked for, where the error tells: errors of `@nines/resilience` do. */
function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined;
}

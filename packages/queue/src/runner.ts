import type { Context, Span } from '@opentelemetry/api';
import { deadlineExceeded, type Attempt } from './attempts.ts';
import type { Clock } from './clock.ts';
import { decodeBody } from './codec.ts';
import type { Queue } from './define.ts';
import { decodeEnvelope, type StoredEnvelope } from './envelope.ts';
import { isQueueError } from './errors.ts';
import { decodeFailure, noFailure, type FailureRecord } from './failure-record.ts';
import { isDeadLetter, isRetryLater, type DeadReason, type Outcome } from './outcome.ts';
import { validate } from './schema.ts';
import type { ClaimedJob } from './store.ts';
import { endSpan, referenceOf, resume, startProcess, withSpan } from './tracing.ts';

/** A job as its handler sees it. */
export interface Job<Payload> {
  readonly id: string;
  readonly payload: Payload;
  /** When the job was enqueued, in milliseconds of Redis's clock. */
  readonly enqueuedAtMs: number;
}

/** What a handler may ask and use besides the job. */
export interface JobContext {
  /** Aborted when the attempt times out, the job's deadline passes, its lease is lost, or the consumer stops and will wait no longer. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Attempts that may be made in all. */
  readonly maxAttempts: number;
  /**
   * Milliseconds left to this attempt, by `attemptTimeoutMs` or by the job's deadline where that is nearer; 0 when it is over.
   * Hand it on: `execute(call, { remainingMs: context.remainingMs() })` of a pipeline of `@nines/resilience` bounds the call and tells the
   * next hop, `enqueue(payload, { deadlineMs: context.remainingMs() })` the next job.
   */
  remainingMs(): number;
}

/**
 * Does the job. Returning (or resolving) acknowledges it; throwing retries it after its backoff, and dead-letters it when
 * `maxAttempts` is reached. Throw `DeadLetterError` or `RetryLaterError` to decide otherwise.
 */
export type Handler<Payload> = (job: Job<Payload>, context: JobContext) => unknown;

export interface Ran {
  /** Undefined when the attempt was given up and somebody else decides about the job. */
  readonly outcome: Outcome | undefined;
  readonly failure: FailureRecord;
  /** Names the attempt's span, so that the next attempt can link to it. */
  readonly span: string | undefined;
}

export interface RunnerOptions<Payload> {
  readonly queue: Queue<unknown, Payload>;
  readonly handler: Handler<Payload>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told, at the first attempt of a job, how long it waited since it was enqueued; its own delay is part of that. */
  readonly onStarted: (waitedMs: number) => void;
}

/** Makes the function that runs one claimed job and decides what comes of it. It does no I/O of its own. */
export function createRunner<Payload>(options: RunnerOptions<Payload>): (claimed: ClaimedJob, attempt: Attempt) => Promise<Ran> {
  return async (claimed, attempt) => {
    const failure = claimed.record === undefined ? noFailure : decodeFailure(claimed.record);
    let envelope: StoredEnvelope;
    try {
      envelope = decodeEnvelope(claimed.stored ?? Buffer.alloc(0));
    } catch (error) {
      return { outcome: { verb: 'dead', reason: 'unreadable', countsAsAttempt: false, error }, failure, span: undefined };
    }
    if (claimed.record === undefined) options.onStarted(Math.max(0, claimed.claimedAtMs - envelope.enqueuedAtMs));
    if (envelope.deadlineMs !== undefined) {
      // Redis's clock until the claim, ours since then: the two are never compared.
      const usedMs = claimed.claimedAtMs - envelope.enqueuedAtMs + attempt.startedAt - attempt.claimedAt;
      attempt.boundBy(envelope.deadlineMs - usedMs);
    }
    return runInSpan(options, claimed.id, envelope, failure, attempt);
  };
}

async function runInSpan<Payload>(
  options: RunnerOptions<Payload>,
  id: string,
  envelope: StoredEnvelope,
  failure: FailureRecord,
  attempt: Attempt,
): Promise<Ran> {
  const { queue } = options;
  const parent = resume(envelope);
  const span = startProcess(queue.name, id, failure.attempts + 1, parent, failure.span);
  const outcome = await decide(options, id, envelope, failure, attempt, parent, span);
  endSpan(span, failureType(outcome, attempt));
  return { outcome: withoutLost(outcome, attempt), failure, span: referenceOf(span) };
}

async function decide<Payload>(
  options: RunnerOptions<Payload>,
  id: string,
  envelope: StoredEnvelope,
  failure: FailureRecord,
  attempt: Attempt,
  parent: Context,
  span: Span,
): Promise<Outcome> {
  const { queue, handler } = options;
  let started = false;
  try {
    if (attempt.deadlineAt <= attempt.startedAt) throw deadlineExceeded(id);
    const payload = (await validate(queue.schema, queue.name, decodeBody(envelope.body))) as Payload;
    const jobContext: JobContext = {
      get signal() {
        return attempt.signal();
      },
      attempt: failure.attempts + 1,
      maxAttempts: queue.options.maxAttempts,
      remainingMs: () => attempt.remainingMs(),
    };
    const job = { id, payload, enqueuedAtMs: envelope.enqueuedAtMs };
    started = true;
    await untilAbandoned(
      attempt,
      withSpan(parent, span, () => handler(job, jobContext)),
    );
    return { verb: 'completed' };
  } catch (error) {
    return judge(options, failure, attempt, started, error);
  }
}

/** Waits for the handler, but no longer than the attempt lives: a handler that never settles must not hold its slot for ever. */
function untilAbandoned(attempt: Attempt, work: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    attempt.onAbandon = reject;
    if (attempt.abandoned !== undefined) reject(attempt.abandoned);
    Promise.resolve(work).then(resolve, reject);
  });
}

function judge<Payload>(
  { queue, random, clock }: RunnerOptions<Payload>,
  failure: FailureRecord,
  { deadlineAt, startedAt }: Attempt,
  started: boolean,
  error: unknown,
): Outcome {
  const { maxAttempts, backoff } = queue.options;
  const dead = (reason: DeadReason): Outcome => ({ verb: 'dead', reason, countsAsAttempt: started, error });
  if (deadlineAt <= startedAt) return dead('deadline');
  if (isQueueError(error) && error.code === 'ENVELOPE_UNREADABLE' && !started) return dead('unreadable');
  if (isQueueError(error) && error.code === 'INVALID_PAYLOAD') return dead('invalid-payload');
  if (isDeadLetter(error)) return dead('rejected');
  const countsAsAttempt = !isRetryLater(error) || error.countsAsAttempt;
  const attempts = failure.attempts + (countsAsAttempt ? 1 : 0);
  if (attempts >= maxAttempts) return dead('attempts-exhausted');
  const delayMs = isRetryLater(error) ? error.delayMs : Math.ceil(backoff(Math.max(1, attempts), random, retryAfterOf(error)));
  // What would come back too late is not kept waiting.
  if (clock.now() + delayMs >= deadlineAt) return dead('deadline');
  return { verb: 'retry', delayMs, countsAsAttempt, error };
}

/** What a called service asked for, where the error tells: errors of `@nines/resilience` do. */
function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAfterMs' in error)) return undefined;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined;
}

/** An attempt that was given up for these reasons is settled by this process. */
const OURS: ReadonlySet<string> = new Set(['ATTEMPT_TIMEOUT', 'DEADLINE_EXCEEDED']);

/** A job whose lease is lost, or that is handed back at a stop, is no longer this process's to settle. */
function withoutLost(outcome: Outcome, { abandoned }: Attempt): Outcome | undefined {
  return abandoned === undefined || OURS.has(abandoned.code) ? outcome : undefined;
}

function failureType(outcome: Outcome, { abandoned }: Attempt): { readonly type: string } | undefined {
  if (abandoned !== undefined) return { type: abandoned.code };
  if (outcome.verb === 'completed') return undefined;
  if (isQueueError(outcome.error)) return { type: outcome.error.code };
  return { type: outcome.error instanceof Error ? outcome.error.name : typeof outcome.error };
}

import { deadlineExceeded } from './abandon-reasons.ts';
import type { Attempt } from './attempts.ts';
import type { Clock } from './clock.ts';
import { decodeBody } from './codec.ts';
import type { Queue } from './define.ts';
import type { EnqueueOptions } from './enqueue-options.ts';
import { decodeEnvelope, type StoredEnvelope } from './envelope.ts';
import { isQueueError } from './errors.ts';
import { FollowUps, type Parent } from './follow-ups.ts';
import { decodeFailure, noFailure, type FailureRecord } from './failure-record.ts';
import { judge } from './judge.ts';
import type { ResolvedQueueOptions } from './options.ts';
import type { Outcome } from './outcome.ts';
import { progressOf } from './progress.ts';
import { encodeResult } from './result.ts';
import { validate } from './schema.ts';
import type { ClaimedJob, Store } from './store.ts';
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
  /** Aborted when the attempt times out, the job's deadline passes, it is cancelled, its lease is lost, or the consumer stops and will wait no longer. */
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
  readonly remainingMs: () => number;
  /**
   * Says how far the job is, for `inspector.get` and events: a fraction from 0 to 1, or any JSON value with 1024 bytes at most, which is not
   * encoded by the codec. Sent about once a second with what is sent anyway, so that only the last value of many counts; forgotten when the
   * attempt ends. Throws `INVALID_OPTION` for a value that is no JSON or too large.
   */
  readonly progress: (value: unknown) => void;
  /**
   * Enqueues a job that follows from this one, in a queue of the same namespace and the same Redis. It is checked now and sent together with
   * this job's acknowledgement, in one step: when the attempt fails or its lease is lost nothing is sent, and each parent that is done has its
   * follow-ups once. Ids are made from the parent's and the order of the calls. At most 1000 jobs and 8 MiB an attempt.
   * A job that another one keeps out by its `deduplicate` key is not added, and that is no failure. If their queue is full, this job runs again after a second, with no attempt counted.
   * Rejects with what `enqueue` of a producer rejects before it sends, and with `NOT_COLOCATED`, `CLOSED` (the attempt is over).
   */
  readonly enqueue: <Input, Output>(
    queue: Queue<Input, Output>,
    payload: NoInfer<Input>,
    options?: EnqueueOptions,
  ) => Promise<{ readonly id: string }>;
}

/**
 * Does the job. Returning (or resolving) acknowledges it; throwing retries it after its backoff, and dead-letters it when
 * `maxAttempts` is reached. Throw `DeadLetterError` or `RetryLaterError` to decide otherwise.
 * What it returns is kept where the queue has `results`.
 */
export type Handler<Payload, Result = unknown> = (job: Job<Payload>, context: JobContext) => Result | PromiseLike<Result>;

export interface Ran {
  /** Undefined when the attempt was given up and somebody else decides about the job. */
  readonly outcome: Outcome | undefined;
  readonly failure: FailureRecord;
  /** Names the attempt's span, so that the next attempt can link to it. */
  readonly span: string | undefined;
}

export interface RunnerOptions<Payload> {
  readonly queue: Queue<unknown, Payload>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Asked whether a commit may add jobs to another queue, and where it is. */
  readonly store: Pick<Store, 'colocate' | 'server'>;
  /** Whether attempts continue the trace that enqueued their job, or link to it. */
  readonly trace: 'parent' | 'link';
  /** Told, at the first attempt of a job, how long it waited since it was enqueued; its own delay is part of that. */
  readonly onStarted: (waitedMs: number) => void;
  /** Told, as JSON, how far a job is. */
  readonly onProgress: (id: string, json: string) => void;
}

/** Runs a job whose envelope could be read. */
export type RunRead = (id: string, envelope: StoredEnvelope, failure: FailureRecord, attempt: Attempt) => Ran | Promise<Ran>;

/** Makes the function that runs one claimed job and decides what comes of it. It does no I/O of its own. */
export function createRunner<Payload>(
  options: RunnerOptions<Payload>,
  run: RunRead,
): (claimed: ClaimedJob, attempt: Attempt) => Ran | Promise<Ran> {
  return (claimed, attempt) => {
    const failure = claimed.record === undefined ? noFailure : decodeFailure(claimed.record);
    let envelope: StoredEnvelope;
    try {
      envelope = decodeEnvelope(claimed.stored ?? NOTHING);
    } catch (error) {
      return { outcome: { verb: 'dead', reason: 'unreadable', countsAsAttempt: false, error }, failure, span: undefined };
    }
    if (claimed.record === undefined) options.onStarted(Math.max(0, claimed.claimedAtMs - envelope.enqueuedAtMs));
    if (envelope.deadlineMs !== undefined) {
      // Redis's clock until the claim, ours since then: the two are never compared.
      const usedMs = claimed.claimedAtMs - envelope.enqueuedAtMs + attempt.startedAt - attempt.claimedAt;
      attempt.boundBy(envelope.deadlineMs - usedMs);
    }
    return run(claimed.id, envelope, failure, attempt);
  };
}

const NOTHING = Buffer.alloc(0);
const COMPLETED: Outcome = Object.freeze({ verb: 'completed' });

function keepsResults(queue: ResolvedQueueOptions): boolean {
  return queue.results.count > 0;
}

/** The outcome of a job that is done: with its result where the queue keeps it, and with the jobs that follow; a promise only where there are any. */
export function completed(
  queue: ResolvedQueueOptions,
  id: string,
  value: unknown,
  followUps: FollowUps | undefined,
): Outcome | Promise<Outcome> {
  if (followUps === undefined && !keepsResults(queue)) return COMPLETED;
  const complete = async (): Promise<Outcome> => {
    const jobs = await followUps?.settled();
    return { verb: 'completed', followUps: jobs, result: keepsResults(queue) ? await encodeResult(queue, id, value) : undefined };
  };
  return complete();
}

/** Makes the function that runs a job in a span of its own. A handler that returns at once is decided at once, without a promise. */
export function inSpan<Payload>(options: RunnerOptions<Payload>, handler: Handler<Payload>): RunRead {
  return (id, envelope, failure, attempt) => runInSpan(options, handler, id, envelope, failure, attempt);
}

function runInSpan<Payload>(
  options: RunnerOptions<Payload>,
  handler: Handler<Payload>,
  id: string,
  envelope: StoredEnvelope,
  failure: FailureRecord,
  attempt: Attempt,
): Ran | Promise<Ran> {
  const anew = envelope.linked === true || envelope.redriven || options.trace === 'link';
  const parent = resume(envelope, anew);
  const destination = { queue: options.queue.name, partition: options.queue.options.partition, server: options.store.server };
  const creation = anew ? envelope : undefined;
  const span = startProcess(destination, { id, attempt: failure.attempts + 1, previous: failure.span, creation }, parent);
  const ended = (outcome: Outcome): Ran => {
    endSpan(span, failureType(outcome, attempt));
    // A job that is done has no next attempt to link to this one.
    const reference = outcome.verb === 'completed' ? undefined : referenceOf(span);
    return { outcome: withoutLost(outcome, attempt), failure, span: reference };
  };
  let started = false;
  let running: AttemptContext | undefined;
  const failed = (error: unknown) => {
    running?.followUps?.close();
    return ended(judge(options, { failure, attempt, started, error }));
  };
  const done = (value: unknown) => {
    const outcome = completed(options.queue.options, id, value, running?.followUps);
    return outcome instanceof Promise ? outcome.then(ended, failed) : ended(outcome);
  };
  const work = (payload: unknown) => {
    started = true;
    const job = { id, payload: payload as Payload, enqueuedAtMs: envelope.enqueuedAtMs };
    const jobContext = (running = new AttemptContext(options, attempt, failure.attempts + 1, envelope.enqueuedAtMs));
    return withSpan(parent, span, () => handler(job, jobContext));
  };
  try {
    if (attempt.deadlineAt <= attempt.startedAt) throw deadlineExceeded(id);
    const { name, schema, options: queueOptions } = options.queue;
    const decoded = decodeBody(queueOptions, envelope.body);
    const payload = decoded instanceof Promise ? decoded.then((late) => validate(schema, name, late)) : validate(schema, name, decoded);
    const result = payload instanceof Promise ? payload.then(work) : work(payload);
    const simple = attempt.abandoned === undefined && running?.followUps === undefined && !keepsResults(queueOptions);
    if (simple && !isPromiseLike(result)) return ended(COMPLETED);
    return untilAbandoned(attempt, result, done, failed);
  } catch (error) {
    return failed(error);
  }
}

/** What a context needs of the runner's options. */
type ContextOptions = Pick<RunnerOptions<unknown>, 'onProgress' | 'queue' | 'store'>;

/** A class, because an object literal with a getter costs more to make than many a handler to run. */
export class AttemptContext implements JobContext {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly remainingMs: () => number;
  /** Made when the handler enqueues its first job; most never do. */
  followUps: FollowUps | undefined = undefined;
  readonly #attempt: Attempt;
  readonly #options: ContextOptions;
  readonly #enqueuedAtMs: number;

  constructor(options: ContextOptions, attempt: Attempt, number: number, enqueuedAtMs: number) {
    this.#attempt = attempt;
    this.#options = options;
    this.#enqueuedAtMs = enqueuedAtMs;
    this.attempt = number;
    this.maxAttempts = options.queue.options.maxAttempts;
    this.remainingMs = () => attempt.remainingMs();
  }

  get signal(): AbortSignal {
    return this.#attempt.signal();
  }

  get progress(): JobContext['progress'] {
    return (value) => {
      const json = progressOf(value);
      if (!this.#attempt.ended && this.#attempt.abandoned === undefined) this.#options.onProgress(this.#attempt.id, json);
    };
  }

  get enqueue(): JobContext['enqueue'] {
    const parent: Parent = { id: this.#attempt.id, enqueuedAtMs: this.#enqueuedAtMs, queue: this.#options.queue };
    const followUps = (this.followUps ??= new FollowUps(parent, this.#options.store));
    return (queue, payload, options) => followUps.enqueue(queue, payload, options);
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Waits for the handler, but no longer than the attempt lives: a handler that never settles must not hold its slot for ever. */
export function untilAbandoned(
  attempt: Attempt,
  work: unknown,
  completed: (value: unknown) => Ran | Promise<Ran>,
  failed: (error: unknown) => Ran,
): Promise<Ran> {
  return new Promise((resolve) => {
    let open = true;
    const end = (ran: (value: unknown) => Ran | Promise<Ran>, value: unknown) => {
      if (!open) return;
      open = false;
      resolve(ran(value));
    };
    attempt.onAbandon = (reason) => end(failed, reason);
    if (attempt.abandoned !== undefined) attempt.onAbandon(attempt.abandoned);
    Promise.resolve(work).then(
      (value) => end(completed, value),
      (error: unknown) => end(failed, error),
    );
  });
}

/** An attempt that was given up for these reasons is settled by this process. */
const OURS: ReadonlySet<string> = new Set(['ATTEMPT_TIMEOUT', 'DEADLINE_EXCEEDED', 'JOB_CANCELLED']);

/** A job whose lease is lost, or that is handed back at a stop, is no longer this process's to settle. */
export function withoutLost(outcome: Outcome, { abandoned }: Attempt): Outcome | undefined {
  return abandoned === undefined || OURS.has(abandoned.code) ? outcome : undefined;
}

function failureType(outcome: Outcome, { abandoned }: Attempt): { readonly type: string } | undefined {
  if (abandoned !== undefined) return { type: abandoned.code };
  return outcome.verb === 'completed' || outcome.verb === 'cancelled' ? undefined : errorType(outcome.error);
}

/** What spans say of an error. */
export function errorType(error: unknown): { readonly type: string } {
  if (isQueueError(error)) return { type: error.code };
  return { type: error instanceof Error ? error.name : typeof error };
}

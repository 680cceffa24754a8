import { ROOT_CONTEXT } from '@opentelemetry/api';
import { deadlineExceeded } from './abandon-reasons.ts';
import type { Attempt } from './attempts.ts';
import { decodeBody } from './codec.ts';
import type { StoredEnvelope } from './envelope.ts';
import { QueueError } from './errors.ts';
import { judge } from './judge.ts';
import type { Outcome } from './outcome.ts';
import { RunningBatch, type BatchContext } from './running-batch.ts';
import {
  AttemptContext,
  completed,
  errorType,
  untilAbandoned,
  withoutLost,
  type Job,
  type JobContext,
  type Ran,
  type RunnerOptions,
  type RunRead,
} from './runner.ts';
import { validate } from './schema.ts';
import { endSpan, referenceOf, startBatch, withSpan } from './tracing.ts';

/** A job of a batch, with what a handler of single jobs gets beside it: signal, attempt, `remainingMs`, `enqueue`. */
export interface BatchJob<Payload> extends Job<Payload> {
  readonly context: JobContext;
}

/** What came of each job of a batch, in their order, as `Promise.allSettled` says it. */
export type BatchOutcomes<Result = unknown> = readonly PromiseSettledResult<Result>[];

/**
 * Does a batch of jobs. Returning nothing acknowledges all, throwing fails all, each by its own attempts. To tell them apart return one settled
 * result for each: what is rejected counts as thrown by its job, `DeadLetterError` and `RetryLaterError` included; the value of what is fulfilled is the
 * job's result, where the queue keeps results.
 */
export type BatchHandler<Payload, Result = unknown> = (
  jobs: readonly BatchJob<Payload>[],
  context: BatchContext,
) => BatchOutcomes<Result> | void | Promise<BatchOutcomes<Result> | void>;

/** How batches are made and run. */
export interface BatchWork<Payload> {
  readonly size: number;
  readonly lingerMs: number;
  /** Batches at a time. */
  readonly batches: number;
  readonly handler: BatchHandler<Payload>;
}

interface Member<Payload> {
  readonly job: BatchJob<Payload>;
  readonly context: AttemptContext;
  readonly attempt: Attempt;
  readonly creation: StoredEnvelope;
  readonly settled: PromiseWithResolvers<unknown>;
  /** Set when the handler is called. */
  batch: RunningBatch | undefined;
  span: string | undefined;
}

/**
 * Collects attempts into batches: one leaves when it is full, or when its first job has waited long enough. Each job keeps its own attempt, with its
 * own time limit, deadline and lease; a suspect is a batch of its own, so that it harms nobody else.
 */
export class Batches<Payload> {
  readonly #options: RunnerOptions<Payload>;
  readonly #work: BatchWork<Payload>;
  readonly #onRoom: () => void;
  #pending: Member<Payload>[] = [];
  /** Full or old enough, and waiting for another batch to end. */
  readonly #ready: Member<Payload>[][] = [];
  /** Jobs that a codec or a schema has in hand. */
  #reading = 0;
  #running = 0;
  #hurried = false;
  #cancel: () => void = () => {};

  constructor(options: RunnerOptions<Payload>, work: BatchWork<Payload>, onRoom: () => void) {
    this.#options = options;
    this.#work = work;
    this.#onRoom = onRoom;
  }

  /** How many jobs may begin now. */
  room(): number {
    const { batches, size } = this.#work;
    return (batches - this.#running - this.#ready.length) * size - this.#pending.length - this.#reading;
  }

  /** What waits for company leaves, now and from now on. */
  hurry(): void {
    this.#hurried = true;
    this.#flush();
  }

  readonly join: RunRead = (id, envelope, failure, attempt) => {
    let member: Member<Payload> | undefined;
    const ended = (outcome: Outcome): Ran => ({ outcome: withoutLost(outcome, attempt), failure, span: member?.span });
    const failed = (error: unknown): Ran => {
      if (member !== undefined) this.#leave(member);
      return ended(judge(this.#options, { failure, attempt, started: member?.batch !== undefined, error }));
    };
    const done = (value: unknown) => {
      const outcome = completed(this.#options.queue.options, id, value, member?.context.followUps);
      return outcome instanceof Promise ? outcome.then(ended, failed) : ended(outcome);
    };
    const wait = (payload: unknown): Promise<unknown> => {
      const context = new AttemptContext(this.#options, attempt, failure.attempts + 1, envelope.enqueuedAtMs);
      const job = { id, payload: payload as Payload, enqueuedAtMs: envelope.enqueuedAtMs, context };
      member = { job, context, attempt, creation: envelope, settled: Promise.withResolvers(), batch: undefined, span: undefined };
      this.#add(member);
      return member.settled.promise;
    };
    try {
      if (attempt.deadlineAt <= attempt.startedAt) throw deadlineExceeded(id);
      const payload = this.#read(envelope);
      return untilAbandoned(attempt, payload instanceof Promise ? this.#whileReading(payload).then(wait) : wait(payload), done, failed);
    } catch (error) {
      return failed(error);
    }
  };

  #read(envelope: StoredEnvelope): unknown {
    const { name, schema, options } = this.#options.queue;
    const decoded = decodeBody(options, envelope.body);
    return decoded instanceof Promise ? decoded.then((late) => validate(schema, name, late)) : validate(schema, name, decoded);
  }

  async #whileReading(payload: Promise<unknown>): Promise<unknown> {
    this.#reading += 1;
    try {
      return await payload;
    } finally {
      this.#reading -= 1;
    }
  }

  #add(member: Member<Payload>): void {
    if (member.attempt.abandoned !== undefined) return;
    if (member.attempt.suspect) {
      this.#ready.push([member]);
      return this.#start();
    }
    this.#pending.push(member);
    if (this.#pending.length >= this.#work.size || this.#hurried) return this.#flush();
    if (this.#pending.length > 1) return;
    const { lingerMs } = this.#work;
    if (lingerMs === 0) this.#options.clock.endOfTurn(() => this.#flush());
    else this.#cancel = this.#options.clock.after(lingerMs, () => this.#flush(), true);
  }

  #flush(): void {
    this.#cancel();
    if (this.#pending.length > 0) this.#ready.push(this.#pending);
    this.#pending = [];
    this.#start();
  }

  #start(): void {
    while (this.#running < this.#work.batches) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      const alive = next.filter(({ attempt }) => attempt.abandoned === undefined);
      if (alive.length > 0) void this.#run(alive);
    }
  }

  async #run(members: readonly Member<Payload>[]): Promise<void> {
    this.#running += 1;
    const { queue, store } = this.#options;
    const batch = new RunningBatch(members.map(({ attempt }) => attempt));
    const span = startBatch(
      { queue: queue.name, partition: queue.options.partition, server: store.server },
      members.map(({ job, creation }) => ({ id: job.id, creation })),
    );
    for (const member of members) Object.assign(member, { batch, span: referenceOf(span) });
    // A handler that never settles holds its place no longer than its attempts live.
    const outcomes = await Promise.race([withSpan(ROOT_CONTEXT, span, () => this.#handle(members, batch)), batch.over]);
    const [failed] = outcomes?.filter((outcome) => outcome.status === 'rejected') ?? [];
    endSpan(span, outcomes === undefined ? errorType(members[0]?.attempt.abandoned) : failed && errorType(failed.reason));
    this.#running -= 1;
    for (const [at, { settled }] of members.entries()) {
      const outcome = outcomes?.[at];
      if (outcome?.status === 'rejected') settled.reject(outcome.reason);
      else settled.resolve(outcome?.value);
    }
    this.#start();
    // Else the end of its attempts has told of the room.
    if (outcomes === undefined) this.#onRoom();
  }

  async #handle(members: readonly Member<Payload>[], batch: RunningBatch): Promise<BatchOutcomes> {
    try {
      const answer: unknown = await this.#work.handler(
        members.map(({ job }) => job),
        batch,
      );
      if (answer === undefined) return members.map(() => DONE);
      if (areOutcomes(answer, members.length)) return answer;
      const got = Array.isArray(answer) ? `an array of ${answer.length}` : typeof answer;
      const message = `a batch handler of queue ${this.#options.queue.name} must return nothing, or one settled result for each of its ${members.length} jobs; got ${got}`;
      throw new QueueError('BATCH_OUTCOMES', message);
    } catch (reason) {
      return members.map(() => ({ status: 'rejected', reason }));
    }
  }

  /** One whose attempt is over waits no longer, and counts no more for its batch. */
  #leave(member: Member<Payload>): void {
    member.context.followUps?.close();
    this.#pending = this.#pending.filter((other) => other !== member);
    member.batch?.left(member.attempt);
  }
}

const DONE: PromiseSettledResult<unknown> = Object.freeze({ status: 'fulfilled', value: undefined });

function areOutcomes(answer: unknown, jobs: number): answer is BatchOutcomes {
  if (!Array.isArray(answer) || answer.length !== jobs) return false;
  return answer.every((outcome: { status?: unknown } | undefined) => outcome?.status === 'fulfilled' || outcome?.status === 'rejected');
}

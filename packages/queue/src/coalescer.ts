import { context, type Span } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import { createDrainRate, type DrainRate } from './drain-rate.ts';
import { isQueueError, QueueError } from './errors.ts';
import type { QueueMetrics } from './metrics.ts';
import type { ResolvedQueueOptions } from './options.ts';
import type { EnqueueReply, EnqueueVerdict, NewJob, Store } from './store.ts';
import { endSpan, untraced } from './tracing.ts';

/** Joins the enqueues of one turn of the event loop into one call; the same Lua costs a fifth a job at a hundred jobs a call. */
export interface Coalescer {
  /** Resolves to whether the job was created; `span` ends with it. */
  add(job: NewJob, span: Span): Promise<EnqueueResult>;
  /** Resolves when nothing is on its way. */
  idle(): Promise<void>;
}

/** What became of an enqueue. */
export interface EnqueueResult {
  /** The job's; with `created: false` by a `deduplicate` key that of the job that has the key. */
  readonly id: string;
  /** False when a job of this id existed already, or one has its `deduplicate` key; nothing was added then. */
  readonly created: boolean;
  /**
   * False when the job that existed already was enqueued with another body (after the codec, if there is one), or with neither an id
   * of the caller's nor a key: only then a digest of 16 bytes is kept to compare.
   */
  readonly sameBody: boolean;
}

interface Pending {
  readonly job: NewJob;
  readonly span: Span;
  readonly resolve: (result: EnqueueResult) => void;
  readonly reject: (error: unknown) => void;
}

interface CoalescerOptions {
  readonly queue: ResolvedQueueOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly metrics: QueueMetrics | undefined;
}

/** A call with this much leaves at once, so that Redis works while the next one is filled; one with `JOBS_FIRST` does if Redis has nothing to do. */
const JOBS_MAX = 250;
const JOBS_FIRST = 32;
const BYTES_MAX = 1_048_576;
const REPEAT_MS = 50;
export function createCoalescer(options: CoalescerOptions): Coalescer {
  const rate = createDrainRate();
  let pending: Pending[] = [];
  let bytes = 0;
  let scheduled = false;
  const sending = new Set<Promise<void>>();

  const flush = () => {
    if (pending.length === 0) return;
    const sent = sendBatch(pending, options, rate).finally(() => sending.delete(sent));
    sending.add(sent);
    pending = [];
    bytes = 0;
  };
  const endOfTurn = () => {
    scheduled = false;
    flush();
  };

  return {
    add(job, span) {
      if (bytes + job.envelope.length > BYTES_MAX) flush();
      return new Promise((resolve, reject) => {
        bytes += job.envelope.length;
        const jobs = pending.push({ job, span, resolve, reject });
        if (jobs >= JOBS_MAX || (jobs >= JOBS_FIRST && sending.size === 0)) flush();
        else if (!scheduled) {
          scheduled = true;
          options.clock.endOfTurn(endOfTurn);
        }
      });
    },
    async idle() {
      while (pending.length > 0 || sending.size > 0) {
        if (sending.size > 0) await Promise.all(sending);
        else await new Promise<void>((resolve) => options.clock.endOfTurn(resolve));
      }
    },
  };
}

async function sendBatch(batch: readonly Pending[], options: CoalescerOptions, rate: DrainRate): Promise<void> {
  const { clock, metrics, queue } = options;
  const start = clock.now();
  try {
    const { waiting, verdicts, keptOutBy, repeated, undurable } = await enqueueUntilAnswered(batch, options, start + options.timeoutMs);
    metrics?.sent(queue.name, batch.length, (clock.now() - start) / 1000, undurable?.code);
    rate.observe(waiting, countCreated(verdicts), clock.now());
    let refused = 0;
    for (const [at, { job, span, resolve, reject }] of batch.entries()) {
      const verdict = verdicts[at] ?? 'full';
      if (verdict === 'full') fail(span, reject, queueFull(queue, rate.retryAfterMs((refused += 1))));
      else if (undurable !== undefined) fail(span, reject, undurable);
      else {
        endSpan(span);
        const id = keptOutBy?.get(at) ?? job.id;
        // After a repetition `existing` means that the first call had been carried out, unless the id is the caller's own.
        const created = verdict === 'created' || (repeated && job.fresh && id === job.id);
        resolve({ id, created, sameBody: verdict !== 'different' });
      }
    }
  } catch (error) {
    metrics?.sent(queue.name, batch.length, (clock.now() - start) / 1000, isQueueError(error) ? error.code : 'unknown');
    for (const { span, reject } of batch) fail(span, reject, error);
  }
}

function countCreated(verdicts: readonly EnqueueVerdict[]): number {
  let created = 0;
  for (const verdict of verdicts) if (verdict === 'created') created += 1;
  return created;
}

function fail(span: Span, reject: (error: unknown) => void, error: unknown): void {
  endSpan(span, { type: isQueueError(error) ? error.code : 'unknown' });
  reject(error);
}

/** Repeats an unanswered call under the same ids until the time is over: at most one job each comes of it. */
async function enqueueUntilAnswered(
  batch: readonly Pending[],
  { store, clock }: CoalescerOptions,
  giveUpAt: number,
): Promise<EnqueueReply & { repeated: boolean }> {
  let jobs = batch.map(({ job }) => job);
  for (let repeated = false; ; repeated = true) {
    try {
      return { ...(await context.with(untraced, () => store.enqueue(jobs))), repeated };
    } catch (error) {
      if (!isQueueError(error) || error.code !== 'REDIS_UNAVAILABLE' || clock.now() + REPEAT_MS > giveUpAt) throw error;
      jobs = jobs.map((job) => ({ ...job, fresh: false }));
      await new Promise<void>((resolve) => clock.after(REPEAT_MS, resolve, true));
    }
  }
}

function queueFull({ name, maxWaiting }: ResolvedQueueOptions, retryAfterMs: number): QueueError {
  return new QueueError('QUEUE_FULL', `queue ${name} has ${maxWaiting} waiting jobs, which is its maxWaiting`, {
    retryable: true,
    retryAfterMs,
  });
}

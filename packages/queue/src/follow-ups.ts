import { hash } from 'node:crypto';
import { encodeBody } from './codec.ts';
import { checkDeduplicate, refuseKeyInGroup } from './deduplicate.ts';
import type { Queue } from './define.ts';
import { NO_OPTIONS, type EnqueueOptions } from './enqueue-options.ts';
import { QueueError } from './errors.ts';
import type { QueueMetrics } from './metrics.ts';
import { newJob } from './new-job.ts';
import { refuse, type ResolvedQueueOptions } from './options.ts';
import { partitionOf, partitionOptions } from './partition.ts';
import { validate } from './schema.ts';
import { refuseApart, REFUSED_DELAY_MS, type FollowUp, type Settlement, type Store } from './store.ts';
import { endSpan } from './tracing.ts';

/** The job from which others follow. */
export interface Parent {
  readonly id: string;
  readonly enqueuedAtMs: number;
  readonly queue: Queue<unknown, unknown>;
}

const JOBS_MAX = 1000;
const BYTES_MAX = 8_388_608;

/** Collects the jobs that a handler enqueues; they are sent with the acknowledgement of their parent, if it comes to that. */
export class FollowUps {
  readonly #parent: Parent;
  readonly #store: Pick<Store, 'colocate' | 'server'>;
  readonly #jobs: (FollowUp | undefined)[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #bytes = 0;
  #closed = false;

  constructor(parent: Parent, store: Pick<Store, 'colocate' | 'server'>) {
    this.#parent = parent;
    this.#store = store;
  }

  enqueue<Input, Output>(
    queue: Queue<Input, Output>,
    payload: Input,
    options: EnqueueOptions = NO_OPTIONS,
  ): Promise<{ readonly id: string }> {
    // The place is taken by the order of the calls, whatever their checks wait for, so that a repeated attempt comes to the same ids.
    const index = this.#jobs.push(undefined) - 1;
    const added = this.#add(queue, payload, options, index).finally(() => this.#pending.delete(added));
    this.#pending.add(added);
    return added;
  }

  /** Waits for calls that the handler did not wait for, and takes no more; rejects if one of those fails. */
  async settled(): Promise<readonly FollowUp[]> {
    await Promise.all(this.#pending);
    this.#closed = true;
    return this.#jobs.filter((followUp) => followUp !== undefined);
  }

  close(): void {
    this.#closed = true;
  }

  async #add(queue: Queue<unknown, unknown>, payload: unknown, options: EnqueueOptions, index: number): Promise<{ readonly id: string }> {
    this.#refuseLate();
    if (index >= JOBS_MAX) refuse('enqueue', `call ${index + 1}`, `called at most ${JOBS_MAX} times by one attempt`);
    const parent = this.#parent.queue.options;
    refuseApart(parent, queue.options);
    const target = { ...queue, options: partitionOptions(queue.options, parent.partition) };
    // A group says where its jobs are, whatever their ids are.
    if (options.groupId !== undefined) refuseElsewhere('groupId', options.groupId, target.options);
    else if (options.id !== undefined) refuseElsewhere('id', options.id, target.options);
    if (options.deduplicate !== undefined) {
      checkDeduplicate(options.deduplicate);
      if (options.groupId !== undefined) refuseKeyInGroup(options.groupId, options.deduplicate.key, target.options);
      refuseElsewhere('deduplicate.key', options.deduplicate.key, target.options);
    }
    await this.#store.colocate(target.options);
    await validate(queue.schema, queue.name, payload);
    const body = await encodeBody(queue.options, payload);
    this.#refuseLate();
    const { job, span } = newJob(target, body, options, options.id ?? this.#idOf(index, target.options), this.#store.server);
    endSpan(span);
    this.#bytes += job.envelope.length;
    if (this.#bytes > BYTES_MAX) {
      const { id } = this.#parent;
      throw new QueueError('PAYLOAD_TOO_LARGE', `the jobs that follow from job ${id} have ${this.#bytes} bytes, ${BYTES_MAX} are allowed`);
    }
    this.#jobs[index] = { queue: target.options, job };
    return { id: job.id };
  }

  /** The same for every attempt of the parent, and another one when a later job has the parent's id. */
  #idOf(index: number, { partition, partitions }: ResolvedQueueOptions): string {
    const { id, enqueuedAtMs, queue } = this.#parent;
    // The id must belong to the parent's partition, so the first that does is taken: in the mean as many are tried as there are partitions.
    for (let nonce = 0; ; nonce += 1) {
      const found = hash('sha256', `${queue.name} ${id} ${enqueuedAtMs} ${index} ${nonce}`, 'base64url').slice(0, 22);
      if (partitionOf(found, partitions) === partition) return found;
    }
  }

  #refuseLate(): void {
    if (this.#closed) throw new QueueError('CLOSED', `job ${this.#parent.id} has ended; what it enqueues now belongs to nothing`);
  }
}

const CURES = { groupId: 'enqueue it with a producer', id: 'leave the id to the queue', 'deduplicate.key': 'use a producer' } as const;

function refuseElsewhere(
  what: 'groupId' | 'id' | 'deduplicate.key',
  value: string,
  { name, partition, partitions }: ResolvedQueueOptions,
): void {
  const belongs = partitionOf(value, partitions);
  if (belongs === partition) return;
  throw new QueueError(
    'NOT_COLOCATED',
    `${what} ${JSON.stringify(value)} belongs to partition ${belongs} of queue ${name}, what follows from this job to partition ${partition}: ${CURES[what]}`,
  );
}

/** Counts what commits have sent, and tells of those that found a full queue. */
export function reportCommits(
  settlements: readonly Settlement[],
  { lostIds, refusedIds = [] }: { readonly lostIds: readonly string[]; readonly refusedIds?: readonly string[] },
  seconds: number,
  { metrics, onError }: { readonly metrics: QueueMetrics | undefined; readonly onError: (error: QueueError) => void },
): void {
  for (const settlement of settlements) {
    if (settlement.verb !== 'commit' || lostIds.includes(settlement.id)) continue;
    const refused = refusedIds.includes(settlement.id);
    for (const { queue } of settlement.followUps) metrics?.sent(queue.name, 1, seconds, refused ? 'QUEUE_FULL' : undefined);
    if (!refused) continue;
    const names = [...new Set(settlement.followUps.map(({ queue }) => queue.name))].join(', ');
    const message = `job ${settlement.id} is done again in ${REFUSED_DELAY_MS} ms, for what follows from it found no room in ${names}`;
    onError(new QueueError('QUEUE_FULL', message, { retryable: true, retryAfterMs: REFUSED_DELAY_MS }));
  }
}

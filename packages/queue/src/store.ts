import { QueueError } from './errors.ts';
import type { ResolvedQueueOptions } from './options.ts';
import type { Place } from './place.ts';
import type { ScheduleStore } from './schedule-store.ts';
import type { ServerAddress } from './tracing.ts';

/** Where a job is in its life. */
export type JobState = 'waiting' | 'delayed' | 'active' | 'completed' | 'dead';

/** A job to be added. */
export interface NewJob {
  readonly id: string;
  readonly delayMs: number;
  /** False when the id may already exist: given by the caller, or sent before without an answer. */
  readonly fresh: boolean;
  readonly envelope: Buffer;
  /** The key that keeps a second job out, and for how long; without a time as long as the job has not ended. */
  readonly deduplicate?: { readonly key: string; readonly ttlMs?: number };
  /** Where it waits: `p0` to `p9` for a priority, `g` and the group for a group; undefined for the class 4 of all others. */
  readonly place?: Place | undefined;
}

/** Whether a job was added, was there already, itself or another one with its key (with the same body, or with a different one), or was refused because the queue is full. */
export type EnqueueVerdict = 'created' | 'existing' | 'different' | 'full';

/** The store's answer to an enqueue. */
export interface EnqueueReply {
  /** Waiting and delayed jobs after it. */
  readonly waiting: number;
  /** In the order of the jobs. */
  readonly verdicts: readonly EnqueueVerdict[];
  /** Where a job was kept out by its key: its place in the call, and the id of the job that has the key. */
  readonly keptOutBy?: ReadonlyMap<number, string>;
  /** Set when the jobs are stored, but not as durably as the queue demands. */
  readonly undurable?: QueueError;
}

/** A job that comes into being with the acknowledgement of another one. */
export interface FollowUp {
  readonly queue: ResolvedQueueOptions;
  readonly job: NewJob;
}

/** When a job comes back whose follow-ups found a full queue. */
export const REFUSED_DELAY_MS = 1000;

/**
 * How one attempt ended, as the store needs it; `commit` acknowledges and adds what follows in one step, or does neither. Of a job that is to be
 * cancelled every end but `ack` and `commit` is a `cancel`.
 */
export type Settlement =
  | {
      readonly verb: 'commit';
      readonly id: string;
      readonly failedBefore: boolean;
      readonly followUps: readonly FollowUp[];
      readonly result?: Buffer;
    }
  | { readonly verb: 'ack'; readonly id: string; readonly failedBefore: boolean; readonly result?: Buffer }
  | { readonly verb: 'retry'; readonly id: string; readonly delayMs: number; readonly record: string }
  | { readonly verb: 'dead'; readonly id: string; readonly record: string }
  | { readonly verb: 'cancel'; readonly id: string }
  | { readonly verb: 'release'; readonly id: string; readonly suspect: boolean };

/** One exchange of a holder with the store. */
export interface ExchangeRequest {
  readonly token: string;
  /** True once this token was used; a token that is known and gone was recovered by somebody. */
  readonly known: boolean;
  readonly settlements: readonly Settlement[];
  /** How far jobs are that are held, as JSON by their ids; of those that are not held nothing is kept. */
  readonly progress?: ReadonlyMap<string, string>;
  /** How many jobs to claim, 0 to 1000. */
  readonly want: number;
  /** Whether one of them may be a suspect. */
  readonly wantSuspect: boolean;
  /** How many slots are free; no more are claimed where {@link ExchangeReply.slotsOnly} says so. Default: as many as wanted. */
  readonly slots?: number | undefined;
}

/** A job as a holder gets it. */
export interface ClaimedJob {
  readonly id: string;
  /** The stored envelope; undefined when it is missing, which only foreign hands can cause. */
  readonly stored: Buffer | undefined;
  readonly record: string | undefined;
  readonly suspect: boolean;
  /** When it was claimed, in ms of the store's clock. */
  readonly claimedAtMs: number;
}

/** The store's answer to an {@link ExchangeRequest}. */
export interface ExchangeReply {
  readonly nowMs: number;
  /**
   * `holding` jobs, `idle` (holds none and is not listed), or `expired`: it had been recovered, so nothing was settled
   * or claimed, and all that it held belongs to others.
   */
  readonly holder: 'holding' | 'idle' | 'expired';
  readonly lostIds: readonly string[];
  readonly jobs: readonly ClaimedJob[];
  /** Milliseconds until something may become claimable by itself. */
  readonly nextDueMs: number | undefined;
  readonly recovered: number;
  readonly poisoned: number;
  /** Where there was a commit: those that found a full queue. Their jobs are delayed for a second, with no attempt counted. */
  readonly refusedIds?: readonly string[];
  /** Jobs that are held and were cancelled by somebody, those of this claim among them: to be aborted, or not to begin. */
  readonly cancelledIds?: readonly string[];
  /**
   * True where no more was claimed than slots are free, because what is claimed ahead would jump the line: a queue with priorities or
   * groups in use, a rate or a cap. Nothing is to be wanted beyond free slots then.
   */
  readonly slotsOnly?: boolean | undefined;
}

/** How many jobs are in each state. */
export interface JobCounts {
  readonly waiting: number;
  /** Delayed ones too whose time has come and that nobody has asked for since; `due` counts those alone. */
  readonly delayed: number;
  readonly due: number;
  readonly active: number;
  readonly completed: number;
  readonly dead: number;
  /** Age of the job at the head of the queue, in milliseconds; 0 when none waits. */
  readonly oldestAgeMs: number;
  /** Whether claims are paused. */
  readonly paused: boolean;
}

/** Dead letters by their ids, or the oldest ones; at most 1000 a call. */
export type DeadLetters =
  | { readonly ids: readonly string[]; readonly limit?: undefined }
  | { readonly limit: number; readonly ids?: undefined };

/** A dead letter without its body, for those who choose among many. */
export interface DeadLetter {
  readonly id: string;
  /** When it was dead-lettered, in ms of the store's clock. */
  readonly atMs: number;
  readonly record: string | undefined;
}

/** A place among the dead letters of a partition, which are in order of time, and of their ids where that is the same. */
export interface DeadCursor {
  readonly atMs: number;
  /** An id, or empty for the place before all that ended at that time. */
  readonly id: string;
}

/** Some dead letters of a partition. */
export interface DeadPage {
  readonly nowMs: number;
  readonly letters: readonly DeadLetter[];
  /** Where to go on; undefined when there are no more. */
  readonly next: DeadCursor | undefined;
}

/** A dead letter that is added by hand: all that lies in the store of it. */
export interface NewDeadLetter {
  readonly id: string;
  /** The envelope, with the time of its enqueue in front. */
  readonly stored: Buffer;
  readonly record: string;
  /** As in {@link NewJob}. */
  readonly place?: Place | undefined;
}

/** A job as it lies in the store. */
export interface StoredJob {
  readonly id: string;
  readonly state: JobState;
  readonly stored: Buffer;
  readonly record: string | undefined;
  /** When a delayed job is due, or a completed or dead one ended, in ms of the store's clock. */
  readonly atMs: number | undefined;
  /** How far its attempt says to be, as JSON. */
  readonly progress?: string | undefined;
  /** What its handler returned, as {@link Settlement} had it; only of a completed job, and where results are kept. */
  readonly result?: Buffer | undefined;
  /** As in {@link NewJob}; forgotten when a job is completed. */
  readonly place?: Place | undefined;
}

/** What came of a job: it ended (with its result, or cancelled), died, will come to an end, or nothing is known of it any more. */
export type StoredOutcome =
  | { readonly state: 'completed'; readonly result: Buffer }
  | { readonly state: 'cancelled' | 'pending' | 'unknown' }
  | { readonly state: 'dead'; readonly record: string | undefined };

/**
 * What became of a cancellation: the job is gone; it is active and will be aborted where it runs, and not retried; it had ended, as a dead letter or
 * completed; or there is no such job.
 */
export type CancelOutcome = 'cancelled' | 'cancelling' | 'ended' | 'unknown';

/** What happened to a job; told by the script that did it, once, and kept nowhere. */
export type JobNews = readonly [kind: 'completed', ...ids: string[]] | readonly [kind: string, id: string, detail?: string | number];

/** What happens to the connection that carries the calls of a store. */
export interface ConnectionListener {
  /** It closed. Whoever answers next may remember less than was answered so far: a replica that was behind, or what was on the disk. */
  readonly lost: () => void;
  /** It is there again. */
  readonly back: () => void;
}

/**
 * One typed verb per state change; Redis and memory keep the same promises, proved by one conformance suite.
 * Every method rejects with a QueueError: `REDIS_UNAVAILABLE` when nobody answered (the call may have been carried out),
 * `REDIS_OUT_OF_MEMORY` or `REDIS_REFUSED` when it was refused (it was not).
 */
export interface Store {
  /** Where it is, for spans; undefined where there is no single address. */
  readonly server?: ServerAddress | undefined;
  /** Its schedules; those of partition 0 are the queue's. */
  readonly schedules: ScheduleStore;
  /** Resolves when the store can be used, to warnings; rejects where the queue's promises cannot be kept there. */
  open(): Promise<readonly QueueError[]>;
  /** Adds jobs, and waits until they are as durable as the queue demands. */
  enqueue(jobs: readonly NewJob[]): Promise<EnqueueReply>;
  /**
   * Resolves when a commit may add jobs to the other queue; the store remembers the answer.
   * Rejects with `NOT_COLOCATED` where that cannot be one step, and as {@link Store.open} does.
   */
  colocate(target: ResolvedQueueOptions): Promise<void>;
  /** Settles, renews the lease, recovers what expired, and claims, in one step. */
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** Gives back what the holder holds and does not run, where holder and store may differ: an answer was lost, or the store forgot some. */
  reconcile(token: string, runningIds: readonly string[]): Promise<{ readonly expired: boolean; readonly lostIds: readonly string[] }>;
  /** Whether there is no job in any state; costs a hundredth of an exchange, for queues that are idle. */
  isEmpty(): Promise<boolean>;
  /** How many jobs are in each state. */
  counts(): Promise<JobCounts>;
  /** The job of this id; undefined when there is none. */
  get(id: string): Promise<StoredJob | undefined>;
  /** Jobs of one state, oldest first; `limit` is 1 to 1000. */
  list(state: JobState, skip: number, limit: number): Promise<readonly StoredJob[]>;
  /** Dead letters after a place, or from the oldest on, without their bodies; `limit` is 1 to 1000. */
  pageDead(after: DeadCursor | undefined, limit: number): Promise<DeadPage>;
  /** Dead letters become waiting jobs again, with no attempt counted; those that ended after `untilMs` do not. Resolves to their ids. */
  redrive(which: DeadLetters, untilMs?: number): Promise<readonly string[]>;
  /** Removes dead letters for good, but not those that ended after `untilMs`; resolves to their ids. */
  purge(which: DeadLetters, untilMs?: number): Promise<readonly string[]>;
  /** Adds dead letters as if they had died now; one whose job is there in any state is left alone, one beyond the bound of the queue is refused. */
  addDead(letters: readonly NewDeadLetter[]): Promise<readonly EnqueueVerdict[]>;
  /** Removes jobs that have not begun, and has active ones aborted where they run; at most 100 ids, answered in their order. */
  cancel(ids: readonly string[]): Promise<readonly CancelOutcome[]>;
  /** What came of jobs, in the order of the ids; at most 1000. Results are kept only where the queue says so. */
  outcomes(ids: readonly string[]): Promise<readonly StoredOutcome[]>;
  /** Stops claims everywhere, or lets them go on. */
  setPaused(paused: boolean): Promise<void>;
  /**
   * Calls `listener` when something may have become claimable (`wake`), active jobs were cancelled (`cancel`), or either may have been missed
   * because the connection was away (undefined); resolves to a function that ends it.
   */
  subscribe(listener: (what: 'wake' | 'cancel' | undefined) => void): Promise<() => void>;
  /** Calls `listener` with what happens to jobs, or with undefined when some of it was missed; resolves to a function that ends it. */
  listen(listener: (news: readonly JobNews[] | undefined) => void): Promise<() => void>;
  /** Tells what happens to the connection, until the function that comes back is called; absent where there is none. */
  watch?(listener: ConnectionListener): () => void;
  /** Gives back what the store holds; connections are shared and close with their last user. */
  close(): Promise<void>;
}

/** @throws {QueueError} `PARTITIONS_MISMATCH` */
export function refusePartitions({ name, partitions }: ResolvedQueueOptions, there: number): void {
  if (there === partitions) return;
  throw new QueueError(
    'PARTITIONS_MISMATCH',
    `queue ${name} was made with ${there} partitions and is defined with ${partitions}: its jobs would not be found; drain it and use another name`,
  );
}

/** @throws {QueueError} `NOT_COLOCATED` for a queue whose keys may be in another slot, on every topology alike. */
export function refuseApart(queue: ResolvedQueueOptions, target: ResolvedQueueOptions): void {
  if (queue.namespace === target.namespace && queue.partition < target.partitions) return;
  const where = ({ name, namespace, partitions }: ResolvedQueueOptions) =>
    `queue ${name} (namespace ${namespace}, ${partitions} partitions)`;
  throw new QueueError(
    'NOT_COLOCATED',
    `a job of ${where(queue)} cannot be acknowledged in one step with a new one of ${where(target)}: give both one namespace and one number of partitions, or use a producer`,
  );
}

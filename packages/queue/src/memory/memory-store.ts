import { systemClock } from '../clock.ts';
import type { Queue } from '../define.ts';
import { QueueError } from '../errors.ts';
import { snapshot, type JobSnapshot } from '../job-snapshot.ts';
import { checkWhole, type ResolvedQueueOptions } from '../options.ts';
import { partitionsOf } from '../partition.ts';
import { refusePartitions, type JobState, type Store } from '../store.ts';
import { allowance } from './limits.ts';
import { activeCount, createMemoryQueue, wake, type MemoryQueue } from './queue.ts';
import { createMemoryStore } from './store.ts';

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970 by which delays, deadlines and leases run. Default: the machine's clock. */
  readonly nowMs?: () => number;
}

/** Options of {@link MemoryStore.drain}. */
export interface DrainOptions {
  /**
   * Whether time moves on to each delayed job and each retry, and to each token of a rate, until there is none. Default false: the former are
   * left where they are, with what waits behind them in their groups, and tokens are waited for.
   */
  readonly delayed?: boolean;
}

/** Queues in this process; hand it to producers, consumers and inspectors as `store`. Made by {@link memoryStore}. */
export interface MemoryStore {
  /** Gives the store of one queue; producers and the others call it. */
  (queue: Queue<unknown>): Store;
  /** Moves the time of all queues; what becomes due is claimed at once, without waiting. `ms` is a whole number from 0. */
  readonly advance: (ms: number) => void;
  /**
   * Resolves when no job waits or runs in any queue; jobs that handlers enqueue are waited for too.
   * Rejects with `CLOSED` when jobs wait that nobody will take: no consumer is started, or the queue is paused.
   */
  readonly drain: (options?: DrainOptions) => Promise<void>;
  /** All jobs of a queue that are there, dead letters and kept completed ones too, for assertions. */
  readonly jobs: <Input, Output>(queue: Queue<Input, Output>) => Promise<readonly JobSnapshot<Input>[]>;
  /** How many jobs wait, run or are delayed in all queues. */
  readonly unfinished: number;
}

/**
 * Keeps queues in this process, for unit tests of code that enqueues and consumes: the same verbs and the same answers as Redis,
 * proved by the same conformance suite. Hand the same store to both sides.
 *
 * What it does not promise: anything after the process; other processes; Cluster and its slots; `durability` (every level means
 * nothing here); refusal for lack of memory; eviction and persistence checks; the connection's errors.
 *
 * @example
 * ```ts
 * import { createConsumer, createProducer, defineQueue } from '@nines/queue';
 * import { memoryStore } from '@nines/queue/testing';
 *
 * const orders = defineQueue<{ sku: string }>({ name: 'orders' });
 * const store = memoryStore();
 * const consumer = createConsumer(orders, ({ payload }) => console.log(payload.sku), { store });
 * await consumer.start();
 * await createProducer(orders, { store }).enqueue({ sku: 'A-1' }, { delayMs: 3_600_000 });
 * store.advance(3_600_000);
 * await store.drain(); // A-1
 * await consumer.stop();
 * ```
 */
export function memoryStore({ nowMs = () => systemClock.wallMs() }: MemoryStoreOptions = {}): MemoryStore {
  const queues = new Map<string, MemoryQueue>();
  let offsetMs = 0;
  const now = () => nowMs() + offsetMs;
  const find = (options: ResolvedQueueOptions) => {
    const key = `${options.namespace}/${options.partition}/${options.name}`;
    const existing = queues.get(key) ?? createMemoryQueue(options, now);
    queues.set(key, existing);
    return existing;
  };
  const advance = (ms: number) => {
    checkWhole('ms', ms, 0, Number.MAX_SAFE_INTEGER);
    offsetMs += ms;
    for (const queue of queues.values()) {
      wake(queue);
      for (const ticker of queue.tickers) ticker();
    }
  };
  const partitions = new Map<string, number>();
  const open = ({ options }: Queue<unknown>) => {
    const key = `${options.namespace}/${options.name}`;
    const there = partitions.get(key) ?? options.partitions;
    partitions.set(key, there);
    return createMemoryStore(find(options), find, () => refusePartitions(options, there));
  };
  return Object.defineProperties(open, {
    advance: { value: advance },
    drain: { value: ({ delayed = false }: DrainOptions = {}) => drain(queues, delayed, advance) },
    jobs: { value: (queue: Queue<unknown>) => jobsOf(partitionsOf(queue), open) },
    unfinished: { get: () => [...queues.values()].reduce((sum, queue) => sum + unfinished(queue) + queue.delayed.size, 0) },
  }) as unknown as MemoryStore;
}

const STATES: readonly JobState[] = ['waiting', 'active', 'delayed', 'completed', 'dead'];

async function jobsOf(
  partitions: readonly Queue<unknown>[],
  open: (queue: Queue<unknown>) => Store,
): Promise<readonly JobSnapshot<unknown>[]> {
  const parts = partitions.map(async (queue) => {
    const lists = await Promise.all(STATES.map((state) => open(queue).list(state, 0, Number.MAX_SAFE_INTEGER)));
    return Promise.all(lists.flat().map((job) => snapshot<unknown>(queue.options, job)));
  });
  return (await Promise.all(parts)).flat();
}

/** Jobs that wait or run. */
function unfinished(queue: MemoryQueue): number {
  return queue.waiting.size + queue.suspects.length + activeCount(queue);
}

/** Whether something happens by itself, without time moving on: a job runs, or could. What waits behind a delayed retry of its group could not. */
function isBusy(queue: MemoryQueue): boolean {
  const could = queue.waiting.claimable + queue.suspects.length;
  return activeCount(queue) + could > 0 || (queue.delayed.first() ?? Number.POSITIVE_INFINITY) <= queue.now();
}

/** In how many milliseconds the rate lets jobs run that nothing else keeps from it; undefined where it does now, or there are none. */
function refillMs(queue: MemoryQueue): number | undefined {
  if (activeCount(queue) > 0 || queue.paused) return undefined;
  return allowance(queue.options, queue.rate, queue.now(), 0).spend(0);
}

async function drain(queues: ReadonlyMap<string, MemoryQueue>, delayed: boolean, advance: (ms: number) => void): Promise<void> {
  advance(0);
  for (;;) {
    const all = [...queues.values()];
    const busy = all.filter((queue) => isBusy(queue) && !(delayed && refillMs(queue) !== undefined));
    const ticking = all.filter(isTicking);
    if (busy.length + ticking.length > 0) {
      for (const queue of busy) refuseIdle(queue);
      await Promise.race([...busy, ...ticking].map(nextChange));
      continue;
    }
    // The clock may have gone on since `busy` was asked: what has become due by itself is due now.
    const due = Math.min(
      ...all.map((queue) => (isBusy(queue) ? (refillMs(queue) ?? 0) : (queue.delayed.first() ?? Number.POSITIVE_INFINITY) - queue.now())),
    );
    if (!delayed || due === Number.POSITIVE_INFINITY) return;
    advance(Math.max(0, Math.ceil(due)));
  }
}

/** Whether a schedule is due that a scheduler is about to turn into a job. */
function isTicking({ schedules, tickers, now }: MemoryQueue): boolean {
  return tickers.size > 0 && [...schedules.values()].some(({ tickMs }) => tickMs <= now());
}

function refuseIdle({ options: { name }, paused, listeners }: MemoryQueue): void {
  if (paused) throw new QueueError('CLOSED', `queue ${name} is paused, so it will not drain`);
  if (listeners.size === 0) throw new QueueError('CLOSED', `nobody consumes queue ${name}, so it will not drain: start a consumer first`);
}

/** Resolves after the next exchange or the end of a consumer. */
function nextChange(queue: MemoryQueue): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      queue.observers.delete(done);
      resolve();
    };
    queue.observers.add(done);
  });
}

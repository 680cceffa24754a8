import { digestIn, sameBody } from '../envelope.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type { StoredSchedule } from '../schedule-store.ts';
import type { EnqueueReply, NewJob } from '../store.ts';
import { createKeys, ownerOf, release, remember, type Keys } from './dedup.ts';
import { DueSet } from './due-set.ts';
import type { RateState } from './limits.ts';
import { Line } from './line.ts';
import { createSide, type Side } from './side-state.ts';

/** What Redis keeps in keys, kept in one process. */
export interface MemoryQueue {
  readonly options: ResolvedQueueOptions;
  /** Milliseconds; the clock of all deadlines of this queue. */
  readonly now: () => number;
  readonly jobs: Map<string, Buffer>;
  readonly failures: Map<string, string>;
  readonly waiting: Line;
  suspects: string[];
  readonly delayed: DueSet;
  readonly dead: DueSet;
  readonly completed: DueSet;
  /** Token of a holder → when its lease ends. */
  readonly holders: DueSet;
  readonly held: Map<string, Set<string>>;
  readonly schedules: Map<string, StoredSchedule>;
  /** Those who want to know when schedules change. */
  readonly tickers: Set<() => void>;
  readonly keys: Keys;
  readonly side: Side;
  readonly listeners: Set<Listener>;
  /** Called once each after something was settled, claimed, paused or left. */
  readonly observers: Set<() => void>;
  paused: boolean;
  readonly rate: RateState;
}

export function createMemoryQueue(options: ResolvedQueueOptions, now: () => number): MemoryQueue {
  return {
    options,
    now,
    jobs: new Map(),
    failures: new Map(),
    waiting: new Line(),
    suspects: [],
    delayed: new DueSet(),
    dead: new DueSet(),
    completed: new DueSet(),
    holders: new DueSet(),
    held: new Map(),
    schedules: new Map(),
    tickers: new Set(),
    keys: createKeys(),
    side: createSide(),
    listeners: new Set(),
    observers: new Set(),
    paused: false,
    rate: { at: 0, rest: 0 },
  };
}

/** Gives the queue of these options; the same one for the same name and namespace. */
export type FindQueue = (options: ResolvedQueueOptions) => MemoryQueue;

type Listener = (what: 'wake' | 'cancel' | undefined) => void;

export function wake(queue: MemoryQueue): void {
  tellConsumers(queue, 'wake');
}

export function tellConsumers(queue: MemoryQueue, what: 'wake' | 'cancel'): void {
  for (const listener of queue.listeners) listener(what);
}

/** Tells who waits for a change. */
export function notify(queue: MemoryQueue): void {
  for (const observer of queue.observers) observer();
}

/** Forgets a job that has ended and is not kept. */
export function forget(queue: MemoryQueue, id: string): void {
  queue.jobs.delete(id);
  queue.failures.delete(id);
  release(queue.keys, id);
}

/** Waiting and delayed jobs. */
export function depth(queue: MemoryQueue): number {
  return queue.waiting.size + queue.suspects.length + queue.delayed.size;
}

/** Jobs that holders hold. */
export function activeCount(queue: MemoryQueue): number {
  return [...queue.held.values()].reduce((sum, held) => sum + held.size, 0);
}

export function enqueue(queue: MemoryQueue, jobs: readonly NewJob[]): EnqueueReply {
  const now = queue.now();
  const keptOutBy = new Map<number, string>();
  const verdicts = jobs.map(({ id, delayMs, envelope, deduplicate, place }, at) => {
    const stored = queue.jobs.get(id);
    if (stored !== undefined) return sameBody(stored, envelope) ? 'existing' : 'different';
    const owner = deduplicate === undefined ? undefined : ownerOf(queue, deduplicate.key, now);
    if (owner !== undefined) {
      keptOutBy.set(at, owner.id);
      return owner.digest.equals(digestIn(envelope)) ? 'existing' : 'different';
    }
    if (depth(queue) >= queue.options.maxWaiting) return 'full';
    const stamp = Buffer.alloc(6);
    stamp.writeUIntBE(now, 0, 6);
    queue.jobs.set(id, Buffer.concat([stamp, envelope]));
    if (deduplicate !== undefined) remember(queue.keys, deduplicate, { id, digest: digestIn(envelope) }, now);
    queue.waiting.assign(id, place);
    if (delayMs > 0) queue.delayed.add(id, now + delayMs);
    else queue.waiting.add(id);
    return 'created';
  });
  if (verdicts.includes('created')) wake(queue);
  return { waiting: depth(queue), verdicts, keptOutBy };
}

import { sameBody } from '../envelope.ts';
import type { ResolvedQueueOptions } from '../options.ts';
import type { EnqueueReply, NewJob } from '../store.ts';
import { DueSet } from './due-set.ts';
import type { RateState } from './limits.ts';
import { Line } from './line.ts';

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
  readonly listeners: Set<() => void>;
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
    listeners: new Set(),
    observers: new Set(),
    paused: false,
    rate: { at: 0, rest: 0 },
  };
}

/** Gives the queue of these options; the same one for the same name and namespace. */
export type FindQueue = (options: ResolvedQueueOptions) => MemoryQueue;

export function wake(queue: MemoryQueue): void {
  for (const listener of queue.listeners) listener();
}

/** Tells who waits for a change. */
export function notify(queue: MemoryQueue): void {
  for (const observer of queue.observers) observer();
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
  const verdicts = jobs.map(({ id, delayMs, envelope, place }) => {
    const stored = queue.jobs.get(id);
    if (stored !== undefined) return sameBody(stored, envelope) ? 'existing' : 'different';
    if (depth(queue) >= queue.options.maxWaiting) return 'full';
    const stamp = Buffer.alloc(6);
    stamp.writeUIntBE(now, 0, 6);
    queue.jobs.set(id, Buffer.concat([stamp, envelope]));
    queue.waiting.assign(id, place);
    if (delayMs > 0) queue.delayed.add(id, now + delayMs);
    else queue.waiting.add(id);
    return 'created';
  });
  if (verdicts.includes('created')) wake(queue);
  return { waiting: depth(queue), verdicts };
}

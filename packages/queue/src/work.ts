import type { Attempt } from './attempts.ts';
import { Batches, type BatchWork } from './batches.ts';
import { createRunner, inSpan, type Handler, type Ran, type RunnerOptions } from './runner.ts';
import type { ClaimedJob } from './store.ts';

/** What a consumer does with jobs that it claimed: it runs each by itself, or in batches. */
export interface Work {
  readonly run: (claimed: ClaimedJob, attempt: Attempt) => Ran | Promise<Ran>;
  /** How many more may begin where so many run. */
  readonly room: (running: number) => number;
  /** Whether jobs are worth claiming before there is room; a few that wait would begin a batch of a few. */
  readonly prefetches: boolean;
  /** The consumer stops, so nothing waits for company any more. */
  readonly hurry: () => void;
}

export interface WorkOptions<Payload> extends RunnerOptions<Payload> {
  readonly handler: Handler<Payload> | BatchWork<Payload>;
  /** Jobs at a time. */
  readonly concurrency: number;
}

/** `onRoom` is called when there is room that no end of an attempt tells of. */
export function createWork<Payload>(options: WorkOptions<Payload>, onRoom: () => void): Work {
  const { handler, concurrency } = options;
  if (typeof handler === 'function') {
    const run = createRunner(options, inSpan(options, handler));
    return { run, room: (running) => concurrency - running, prefetches: true, hurry() {} };
  }
  const batches = new Batches(options, handler, onRoom);
  return { run: createRunner(options, batches.join), room: () => batches.room(), prefetches: false, hurry: () => batches.hurry() };
}

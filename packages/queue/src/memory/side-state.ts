import type { JobNews } from '../store.ts';
import { DueSet } from './due-set.ts';

/** What few queues use: results, progress, cancellations, and listeners to what happens to jobs. */
export interface Side {
  /** Undefined for a job that was cancelled. */
  readonly results: Map<string, Buffer | undefined>;
  readonly resultTimes: DueSet;
  /** As JSON. */
  readonly progress: Map<string, string>;
  /** Active jobs that are to end. */
  readonly cancelled: Set<string>;
  readonly listeners: Set<(news: readonly JobNews[]) => void>;
  news: JobNews[];
}

export function createSide(): Side {
  return { results: new Map(), resultTimes: new DueSet(), progress: new Map(), cancelled: new Set(), listeners: new Set(), news: [] };
}

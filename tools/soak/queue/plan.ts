import { mix } from './jobs.ts';

/** What is done to a run, once so many jobs have been handled, in all or since the last promotion. */
export interface PlannedFault {
  readonly afterJobs: number;
  readonly act: Act;
}

export type Act = 'kill worker' | 'stop worker' | 'cut connections' | 'kill producer' | 'kill Redis';

const ALWAYS: readonly Act[] = ['kill worker', 'stop worker', 'cut connections', 'kill producer'];
/** Between two faults, so that a long run is mostly work; a short one has each fault all the same. */
const JOBS_PER_FAULT = 8000;

/**
 * The faults of a run, in the order and at the moments that the seed decides. Moments are counted in handled jobs, not in time, so
 * that a slow machine sees the same run. Each kind comes at least once.
 */
export function planFaults(seed: number, jobs: number, redisDies: boolean): PlannedFault[] {
  const acts = redisDies ? [...ALWAYS, 'kill Redis' as const] : ALWAYS;
  const count = Math.max(acts.length, Math.round(jobs / JOBS_PER_FAULT));
  // In rounds of all kinds, each shuffled: chance decides the order, not whether a kind comes at all.
  const order = Array.from({ length: Math.ceil(count / acts.length) }, (_, round) => shuffled(acts, seed + round)).flat();
  const step = (jobs * 0.9) / count;
  return order.slice(0, count).map((act, at) => ({ act, afterJobs: Math.floor(step * at + (mix(seed, at) % 1000) * (step / 1000)) }));
}

/** Promotions of the replica and nothing else. Most of what is sent meanwhile is lost, so each counts what was handled since the one before. */
export function planPromotions(jobs: number, promotions: number): PlannedFault[] {
  return Array.from({ length: promotions }, () => ({ act: 'kill Redis', afterJobs: Math.floor(jobs / promotions / 8) }));
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  return items
    .map((item, at) => ({ item, key: mix(seed, 7919 + at) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

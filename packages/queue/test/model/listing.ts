import type { JobState } from '@nines/queue';
import { byText, same } from './divergence.ts';
import type { ModelJob, Place } from './job.ts';
import type { ModelLine } from './line.ts';
import type { Order } from './order.ts';

/** What of the model a comparison reads. */
interface Seen {
  readonly jobs: ReadonlyMap<string, ModelJob>;
  readonly results: ReadonlyMap<string, string>;
  readonly waiting: ModelLine;
  readonly suspects: Order;
  in(place: Place): string[];
}

/** The store listed these ids, in this order, as all jobs of a state. */
export function sameListing(model: Seen, state: JobState, ids: readonly string[]): void {
  const { jobs, suspects, waiting } = model;
  if (state === 'waiting') {
    same('the suspects come first', suspects.allows(ids.slice(0, suspects.size)), true);
    return waiting.listed(ids.slice(suspects.size));
  }
  const all = model.in(state === 'active' ? 'held' : state);
  same(state, ids.toSorted(byText), all.toSorted(byText));
  const times = state === 'active' ? [] : ids.map((id) => jobs.get(id)!.at);
  same(
    `${state} in order`,
    times,
    times.toSorted((a, b) => a - b),
  );
}

/** The store took `count` of these ended jobs, the oldest ones. */
export function sameOldest({ jobs }: Pick<Seen, 'jobs'>, among: readonly string[], taken: readonly string[], count: number): void {
  const left = among.filter((id) => !taken.includes(id));
  same('how many go', [taken.length, among.length - left.length], [count, count]);
  const newest = Math.max(...taken.map((id) => jobs.get(id)!.at), -1);
  same(
    'only the oldest go',
    left.every((id) => jobs.get(id)!.at >= newest),
    true,
  );
}

/** What those who wait for a job are told. */
export function outcomeOf({ jobs, results }: Pick<Seen, 'jobs' | 'results'>, id: string): string {
  const place = jobs.get(id)?.place ?? 'completed';
  if (place !== 'completed') return place === 'dead' ? place : 'pending';
  return results.get(id) ?? 'unknown';
}

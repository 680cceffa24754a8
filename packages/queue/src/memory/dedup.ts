import type { NewJob } from '../store.ts';
import type { DueSet } from './due-set.ts';

interface Owner {
  readonly id: string;
  readonly digest: Buffer;
}

/** Keys under which jobs are remembered. */
export interface Keys {
  readonly owners: Map<string, Owner & { readonly untilMs: number | undefined }>;
  /** Id → key, of keys without a time: they last as long as their job. */
  readonly ofJobs: Map<string, string>;
}

export function createKeys(): Keys {
  return { owners: new Map(), ofJobs: new Map() };
}

/** What of a queue tells whether a job has ended. */
interface Owned {
  readonly keys: Keys;
  readonly jobs: ReadonlyMap<string, Buffer>;
  readonly dead: DueSet;
  readonly completed: DueSet;
}

/** The job that has a key; one that has ended has no key without a time, but gets it back by a redrive. */
export function ownerOf({ keys, jobs, dead, completed }: Owned, key: string, now: number): Owner | undefined {
  const owner = keys.owners.get(key);
  if (owner === undefined) return undefined;
  if (owner.untilMs !== undefined) return owner.untilMs > now ? owner : undefined;
  return jobs.has(owner.id) && !dead.has(owner.id) && !completed.has(owner.id) ? owner : undefined;
}

export function remember(
  { owners, ofJobs }: Keys,
  { key, ttlMs }: Exclude<NewJob['deduplicate'], undefined>,
  owner: Owner,
  now: number,
): void {
  const before = owners.get(key);
  if (before !== undefined) ofJobs.delete(before.id);
  owners.set(key, { ...owner, untilMs: ttlMs === undefined ? undefined : now + ttlMs });
  if (ttlMs === undefined) ofJobs.set(owner.id, key);
}

/** The key of a job goes with it, unless it has a time of its own. */
export function release({ owners, ofJobs }: Keys, id: string): void {
  const key = ofJobs.get(id);
  if (key === undefined) return;
  ofJobs.delete(id);
  owners.delete(key);
}

/** Forgets keys whose time is over. */
export function sweep({ owners }: Keys, now: number): void {
  for (const [key, { untilMs }] of owners) if (untilMs !== undefined && untilMs <= now) owners.delete(key);
}

import type { NewJob } from '@nines/queue';
import { UNIT_MS, type ModelJob } from './job.ts';

interface Owner {
  readonly id: string;
  readonly job: ModelJob;
  /** In units; undefined where the key lasts as long as the job. */
  readonly until: number | undefined;
}

/** Which job has which key, as simple as it can be said: the last one that was added with it. */
export class ModelKeys {
  readonly #owners = new Map<string, Owner>();

  ownerOf(
    key: string | undefined,
    { jobs, now }: { readonly jobs: ReadonlyMap<string, ModelJob>; readonly now: number },
  ): string | undefined {
    const owner = this.#owners.get(key ?? '');
    if (owner === undefined) return undefined;
    const has = owner.until === undefined ? jobs.get(owner.id) === owner.job && !ENDED.has(owner.job.place) : owner.until > now;
    return has ? owner.id : undefined;
  }

  remember(deduplicate: NewJob['deduplicate'], id: string, job: ModelJob, now: number): void {
    if (deduplicate === undefined) return;
    const { key, ttlMs } = deduplicate;
    this.#owners.set(key, { id, job, until: ttlMs === undefined ? undefined : now + ttlMs / UNIT_MS });
  }
}

const ENDED: ReadonlySet<string> = new Set(['dead', 'completed']);

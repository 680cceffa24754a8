import { snapshot, type JobSnapshot } from '../job-snapshot.ts';
import { checkWhole, refuse, refuseUnknown, type ResolvedQueueOptions } from '../options.ts';
import type { DeadCursor, Store } from '../store.ts';
import { matcherOf, type DeadLetterFilter } from './filter.ts';
import { scan } from './scan.ts';

/** Which dead letters {@link Inspector.deadLetters} shows. */
export interface DeadLetterQuery {
  /** Which of them. Default: all. */
  readonly filter?: DeadLetterFilter;
  /** {@link DeadLetterPage.next} of the page before. Default: from the oldest on. */
  readonly after?: string;
  /** How many, 1 to 1000. Default 100. */
  readonly limit?: number;
}

/** Some dead letters. */
export interface DeadLetterPage<Payload> {
  /** Oldest first; partition by partition where there are several. */
  readonly jobs: readonly JobSnapshot<Payload>[];
  /** Hand it in as `after` for those that follow; undefined at the end. */
  readonly next: string | undefined;
  /** The time of Redis, in ms since 1970, to tell how long ago a job ended. */
  readonly nowMs: number;
}

interface Of {
  readonly queue: ResolvedQueueOptions;
  readonly stores: readonly Store[];
  readonly open: () => Promise<unknown>;
}

/** A page of the dead letters that match: chosen without their bodies, which are fetched for those that are shown only. */
export async function pageOf<Payload>({ queue, stores, open }: Of, query: DeadLetterQuery): Promise<DeadLetterPage<Payload>> {
  refuseUnknown(query, ['filter', 'after', 'limit'], 'deadLetters');
  const { filter = {}, limit = 100 } = query;
  checkWhole('limit', limit, 1, 1000);
  const matches = matcherOf(filter);
  const from = query.after === undefined ? { partition: 0, cursor: undefined } : placeOf(query.after, stores.length);
  await open();
  const found: { readonly store: Store; readonly id: string }[] = [];
  let now = 0;
  let next: string | undefined;
  for (const [partition, store] of stores.entries()) {
    if (partition < from.partition || next !== undefined) continue;
    for await (const { letters, nowMs } of scan(
      store,
      filter,
      Math.max(100, limit),
      partition === from.partition ? from.cursor : undefined,
    )) {
      now = nowMs;
      for (const letter of letters) {
        if (next === undefined && matches(letter) && found.push({ store, id: letter.id }) === limit)
          next = `${partition}:${letter.atMs}:${letter.id}`;
      }
      if (next !== undefined) break;
    }
  }
  const jobs = await Promise.all(found.map(({ store, id }) => store.get(id)));
  // One that was redriven or purged between the two looks is no dead letter any more.
  const dead = jobs.filter((job) => job?.state === 'dead');
  return { jobs: await Promise.all(dead.map((job) => snapshot<Payload>(queue, job!))), next, nowMs: now };
}

function placeOf(after: string, partitions: number): { readonly partition: number; readonly cursor: DeadCursor } {
  const [, partition, atMs, id = ''] = /^(\d{1,2}):(\d{1,16}):([\u0021-\u007e]{1,128})$/.exec(after) ?? [];
  if (partition === undefined || Number(partition) >= partitions) refuse('after', after, '`next` of an earlier page');
  return { partition: Number(partition), cursor: { atMs: Number(atMs), id } };
}

import type { Clock } from '../clock.ts';
import { checkWhole, refuse, refuseUnknown } from '../options.ts';
import type { Store } from '../store.ts';
import { matcherOf, type DeadLetterFilter } from './filter.ts';
import { createPace } from './pace.ts';
import { PAGE_MAX, scan, type ScannedPage } from './scan.ts';

/** What of the dead letters is to be redriven or purged, and how fast. */
export interface BulkOptions {
  /** Which of them. Default: all. */
  readonly filter?: DeadLetterFilter;
  /** How many a second at most, from 0.01 to 1 000 000. Default: as fast as Redis goes. */
  readonly ratePerSecond?: number;
  /** How many at most. Default: all that match. */
  readonly limit?: number;
  /** Stops it between two calls to Redis; then it resolves to how far it got. */
  readonly signal?: AbortSignal;
  /** Called after every call to Redis that took some. What it throws ends the work, and the call rejects with it. */
  readonly onProgress?: (progress: BulkProgress) => void;
}

/** How far {@link Inspector.redriveAll} or {@link Inspector.purgeAll} got. */
export interface BulkProgress {
  /** Dead letters that were redriven, or purged. */
  readonly taken: number;
  /** Dead letters that were looked at and left: they do not match, or somebody else was faster. */
  readonly skipped: number;
}

/** What {@link Inspector.redriveAll} or {@link Inspector.purgeAll} came to. */
export interface BulkResult extends BulkProgress {
  /** Dead letters in the queue now, whether they match or not. */
  readonly left: number;
  /** `complete`: all that lay there when the call began were looked at; `limit`: as many as asked for were taken; `aborted`: by `signal`. */
  readonly ended: 'complete' | 'limit' | 'aborted';
}

interface Work {
  readonly stores: readonly Store[];
  readonly verb: 'redrive' | 'purge';
  readonly clock: Clock;
  /** Resolves once the stores can be used. */
  readonly open: () => Promise<unknown>;
  /** How many are looked at in one call; smaller in suites. */
  readonly pageSize?: number;
}

/**
 * Redrives or purges all dead letters that match, page by page. Each call is one script that takes a job out of the dead letters and puts it
 * where it goes, and every id is taken once at most: a process that dies in between leaves the rest where it was.
 */
export async function takeAll({ stores, verb, clock, open, pageSize = PAGE_MAX }: Work, options: BulkOptions): Promise<BulkResult> {
  const { filter = {}, ratePerSecond, limit = Number.POSITIVE_INFINITY, signal, onProgress } = checked(options);
  const matches = matcherOf(filter);
  await open();
  const pace = createPace(ratePerSecond, clock, signal);
  const so = { taken: 0, skipped: 0 };
  /** Takes these; resolves to why it ends, if it does. */
  const step = async (store: Store, ids: readonly string[], untilMs: number): Promise<BulkResult['ended'] | undefined> => {
    if (ids.length === 0) return signal?.aborted === true ? 'aborted' : undefined;
    if (!(await pace.ready(so.taken))) return 'aborted';
    // Only what lay there from the beginning: a job that was redriven and died anew meanwhile died of something else, perhaps.
    const { length } = await store[verb]({ ids }, untilMs);
    so.taken += length;
    so.skipped += ids.length - length;
    onProgress?.({ ...so });
    return so.taken < limit ? undefined : 'limit';
  };
  const page = async (store: Store, { letters, untilMs }: ScannedPage): Promise<BulkResult['ended'] | undefined> => {
    let ids: string[] = [];
    for (const letter of letters) {
      if (!matches(letter)) so.skipped += 1;
      else if (ids.push(letter.id) === Math.min(pace.batchSize, limit - so.taken)) {
        const ended = await step(store, ids, untilMs);
        if (ended !== undefined) return ended;
        ids = [];
      }
    }
    return step(store, ids, untilMs);
  };
  const ended = await eachPage(stores, filter, pageSize, page);
  return { ...so, left: await deadIn(stores), ended: ended ?? 'complete' };
}

/** How many dead letters match. */
export async function countMatching({ stores, open }: Pick<Work, 'stores' | 'open'>, filter: DeadLetterFilter = {}): Promise<number> {
  const matches = matcherOf(filter);
  await open();
  let count = 0;
  for (const store of stores) for await (const { letters } of scan(store, filter, PAGE_MAX)) count += letters.filter(matches).length;
  return count;
}

async function deadIn(stores: readonly Store[]): Promise<number> {
  const counts = await Promise.all(stores.map((store) => store.counts()));
  return counts.reduce((sum, { dead }) => sum + dead, 0);
}

/** Hands every page of every partition on, until `use` says why it ends. */
async function eachPage<Reason>(
  stores: readonly Store[],
  filter: DeadLetterFilter,
  pageSize: number,
  use: (store: Store, page: ScannedPage) => Promise<Reason | undefined>,
): Promise<Reason | undefined> {
  for (const store of stores) {
    for await (const page of scan(store, filter, pageSize)) {
      const reason = await use(store, page);
      if (reason !== undefined) return reason;
    }
  }
  return undefined;
}

function checked(options: BulkOptions): BulkOptions {
  refuseUnknown(options, ['filter', 'ratePerSecond', 'limit', 'signal', 'onProgress'], 'redriveAll and purgeAll');
  const { ratePerSecond, limit, signal, onProgress } = options;
  if (limit !== undefined) checkWhole('limit', limit, 1, Number.MAX_SAFE_INTEGER);
  if (ratePerSecond !== undefined && !(typeof ratePerSecond === 'number' && ratePerSecond >= 0.01 && ratePerSecond <= 1_000_000))
    refuse('ratePerSecond', ratePerSecond, 'a number from 0.01 to 1000000');
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse('signal', signal, 'an AbortSignal');
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('onProgress', onProgress, 'a function');
  return options;
}

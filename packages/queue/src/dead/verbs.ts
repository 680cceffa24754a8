import type { Clock } from '../clock.ts';
import { refuseUnknown, type ResolvedQueueOptions } from '../options.ts';
import type { Store } from '../store.ts';
import type { DeadLetterFilter } from './filter.ts';
import { pageOf, type DeadLetterPage, type DeadLetterQuery } from './query.ts';
import { countMatching, takeAll, type BulkOptions, type BulkResult } from './take.ts';
import { exportLines, importLines, type ImportOptions, type ImportResult, type Lines } from './transfer.ts';

/** What an inspector does to dead letters in bulk. */
export interface DeadLetterVerbs<Payload> {
  /**
   * Dead letters that match a filter, a page at a time; a page may be shorter than `limit` before the end where some were taken away meanwhile.
   *
   * @throws {QueueError} `INVALID_OPTION`, `REDIS_UNAVAILABLE`
   */
  deadLetters(query?: DeadLetterQuery): Promise<DeadLetterPage<Payload>>;
  /** How many dead letters match. Goes through all of them, a thousand a call, without their bodies. */
  countDead(options?: { readonly filter?: DeadLetterFilter }): Promise<number>;
  /**
   * Makes waiting jobs of all dead letters that match and lay there when the call began, oldest first, with no attempt counted. A job that dies
   * again meanwhile is not touched twice. `maxWaiting` does not hold it up: these jobs were accepted once. Each call to Redis is one step; after an abort, a crash or an error nothing is lost, what was not
   * reached is still a dead letter, and the same call again goes on.
   *
   * @throws {QueueError} `INVALID_OPTION`, `REDIS_UNAVAILABLE`; what `onProgress` was told last is how far it got.
   */
  redriveAll(options?: BulkOptions): Promise<BulkResult>;
  /** Removes all dead letters that match for good, as {@link DeadLetterVerbs.redriveAll} makes them waiting jobs. */
  purgeAll(options?: BulkOptions): Promise<BulkResult>;
  /**
   * The dead letters that match, a line of JSON each, without line breaks: id, reason, times, last error, trace, and the payload or, where a
   * codec made the body, its base64. Nothing is removed.
   *
   * @throws {QueueError} `INVALID_OPTION`, `REDIS_UNAVAILABLE`, both at the first step.
   */
  exportDead(options?: { readonly filter?: DeadLetterFilter }): AsyncIterable<string>;
  /**
   * Adds the lines of an export as dead letters again; `redriveAll` makes waiting jobs of them. Every line is checked before any is added.
   * A job whose id is there in any state is left as it is, so the same lines may be imported again. Retention counts from the import.
   *
   * @param lines - gives the lines, and is called twice: to check them, and to add them.
   * @throws {QueueError} `INVALID_LINE` (nothing was added, unless the lines changed meanwhile), `INVALID_OPTION`; `REDIS_UNAVAILABLE` and
   * `REDIS_OUT_OF_MEMORY`, whose message says how many were added.
   */
  importDead(lines: Lines, options?: ImportOptions): Promise<ImportResult>;
}

interface Of {
  readonly queue: ResolvedQueueOptions;
  readonly stores: readonly Store[];
  readonly clock: Clock;
  /** Resolves once the stores can be used. */
  readonly open: () => Promise<unknown>;
}

export function deadLetterVerbs<Payload>(of: Of): DeadLetterVerbs<Payload> {
  return {
    deadLetters: async (query = {}) => pageOf<Payload>(of, query),
    async countDead(options = {}) {
      refuseUnknown(options, ['filter'], 'countDead');
      return countMatching(of, options.filter);
    },
    redriveAll: (options = {}) => takeAll({ ...of, verb: 'redrive' }, options),
    exportDead(options = {}) {
      refuseUnknown(options, ['filter'], 'exportDead');
      return exportLines(of, options.filter);
    },
    importDead: async (lines, options) => importLines(of, lines, options),
    purgeAll: (options = {}) => takeAll({ ...of, verb: 'purge' }, options),
  };
}

import type { DeadCursor, DeadLetter, Store } from '../store.ts';
import type { DeadLetterFilter } from './filter.ts';

/** Dead letters of one partition, a page of them. */
export interface ScannedPage {
  readonly letters: readonly DeadLetter[];
  /** Time of the store. */
  readonly nowMs: number;
  /** Nothing that was dead-lettered after this moment is shown. */
  readonly untilMs: number;
}

/** Most dead letters that one call may look at. */
export const PAGE_MAX = 1000;

/**
 * Goes through the dead letters of a partition, oldest first, page by page, as far as they lay there when it began: a job that is redriven
 * and dies again meanwhile is not met again, so that the walk ends. What is taken away meanwhile makes it skip nothing.
 */
export async function* scan(
  store: Pick<Store, 'pageDead'>,
  { endedAfterMs, endedBeforeMs = Number.POSITIVE_INFINITY }: DeadLetterFilter,
  pageSize: number,
  from?: DeadCursor,
): AsyncGenerator<ScannedPage> {
  const start = endedAfterMs === undefined ? undefined : { atMs: endedAfterMs, id: '' };
  let after = from ?? start;
  let untilMs: number | undefined;
  for (;;) {
    const { nowMs, letters, next } = await store.pageDead(after, pageSize);
    const last = (untilMs ??= Math.min(nowMs, endedBeforeMs - 1));
    const shown = letters.filter(({ atMs }) => atMs <= last);
    yield { letters: shown, nowMs, untilMs };
    if (next === undefined || shown.length < letters.length) return;
    after = next;
  }
}

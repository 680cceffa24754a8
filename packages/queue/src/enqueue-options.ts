import { checkDeduplicate, type Deduplicate } from './deduplicate.ts';
import { QueueError } from './errors.ts';
import { checkId } from './id.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';
import { placeOf, PRIORITY_MAX, type Place } from './place.ts';

/** What one job may have besides its payload. */
export interface EnqueueOptions {
  /** Your own id, 1 to 128 visible ASCII characters; unique while its job exists. Default: a new UUIDv7 in base64url. */
  readonly id?: string;
  /** Milliseconds until the job may be claimed. Default 0. */
  readonly delayMs?: number;
  /** Adds nothing while another job has this key; the answer is the id of that one. Default: no key. */
  readonly deduplicate?: Deduplicate;
  /**
   * Milliseconds after which nobody needs the job any more, counted by Redis from its enqueue; it is dead-lettered then instead of run.
   * Default none; `Infinity` is none too, so what `remainingMs()` of a handler or of a call of `@nines/resilience` says can be handed on.
   */
  readonly deadlineMs?: number;
  /**
   * Class from 0 to 9: a job of a higher class is claimed before all of the lower ones. Default 4. Not together with `groupId`.
   * A low class waits for as long as higher ones have jobs.
   */
  readonly priority?: number;
  /**
   * Group, 1 to 128 visible ASCII characters: its jobs run one at a time, in the order in which they were enqueued, and groups by turns.
   * A job that waits for its retry holds its group up until it is done or dead-lettered. Default none.
   */
  readonly groupId?: string;
}

/** Means: all defaults; most jobs have it. */
export const NO_OPTIONS: EnqueueOptions = Object.freeze({});

interface ResolvedEnqueueOptions {
  readonly delayMs: number;
  readonly deadlineMs: number | undefined;
  readonly place: Place | undefined;
}

const DEFAULTS: ResolvedEnqueueOptions = Object.freeze({ delayMs: 0, deadlineMs: undefined, place: undefined });
const YEAR_MS = 31_622_400_000;

/** @throws {QueueError} `INVALID_OPTION`, `DEADLINE_EXCEEDED`. */
export function resolveEnqueueOptions(queue: string, options: EnqueueOptions): ResolvedEnqueueOptions {
  if (options === NO_OPTIONS) return DEFAULTS;
  refuseUnknown(options, ['id', 'delayMs', 'deadlineMs', 'deduplicate', 'priority', 'groupId'], 'enqueue');
  const { id, delayMs = 0, deadlineMs = Number.POSITIVE_INFINITY, deduplicate } = options;
  if (id !== undefined) checkId(id);
  if (deduplicate !== undefined) checkDeduplicate(deduplicate);
  checkWhole('delayMs', delayMs, 0, YEAR_MS);
  const place = resolvePlace(options);
  if (deadlineMs === Number.POSITIVE_INFINITY) return { delayMs, deadlineMs: undefined, place };
  // What remains of a deadline is seldom a whole number.
  if (!(typeof deadlineMs === 'number' && deadlineMs >= 0 && deadlineMs <= YEAR_MS)) {
    refuse('deadlineMs', deadlineMs, `a number from 0 to ${YEAR_MS}, or Infinity`);
  }
  if (deadlineMs < 1) throw new QueueError('DEADLINE_EXCEEDED', `nothing is left of the deadline of a job for queue ${queue}`);
  if (delayMs >= deadlineMs) refuse('delayMs', delayMs, `less than deadlineMs (${deadlineMs})`);
  return { delayMs, deadlineMs: Math.floor(deadlineMs), place };
}

function resolvePlace({ priority, groupId }: EnqueueOptions): Place | undefined {
  if (priority === undefined && groupId === undefined) return undefined;
  if (priority !== undefined) checkWhole('priority', priority, 0, PRIORITY_MAX);
  if (groupId !== undefined) checkId(groupId, 'groupId');
  // A group is served by turns, whatever is in it; a class inside of it would say nothing, and one of all its jobs would break the turns.
  if (priority !== undefined && groupId !== undefined) refuse('priority', priority, 'left out of a job that has a groupId');
  return placeOf(priority, groupId);
}

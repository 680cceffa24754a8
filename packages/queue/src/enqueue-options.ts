import { checkDeduplicate, type Deduplicate } from './deduplicate.ts';
import { QueueError } from './errors.ts';
import { checkId } from './id.ts';
import { checkWhole, refuse, refuseUnknown } from './options.ts';

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
}

/** Means: all defaults; most jobs have it. */
export const NO_OPTIONS: EnqueueOptions = Object.freeze({});

interface ResolvedEnqueueOptions {
  readonly delayMs: number;
  readonly deadlineMs: number | undefined;
}

const DEFAULTS: ResolvedEnqueueOptions = Object.freeze({ delayMs: 0, deadlineMs: undefined });
const YEAR_MS = 31_622_400_000;

/** @throws {QueueError} `INVALID_OPTION`, `DEADLINE_EXCEEDED`. */
export function resolveEnqueueOptions(queue: string, options: EnqueueOptions): ResolvedEnqueueOptions {
  if (options === NO_OPTIONS) return DEFAULTS;
  refuseUnknown(options, ['id', 'delayMs', 'deadlineMs', 'deduplicate'], 'enqueue');
  const { id, delayMs = 0, deadlineMs = Number.POSITIVE_INFINITY, deduplicate } = options;
  if (id !== undefined) checkId(id);
  if (deduplicate !== undefined) checkDeduplicate(deduplicate);
  checkWhole('delayMs', delayMs, 0, YEAR_MS);
  if (deadlineMs === Number.POSITIVE_INFINITY) return { delayMs, deadlineMs: undefined };
  // What remains of a deadline is seldom a whole number.
  if (!(typeof deadlineMs === 'number' && deadlineMs >= 0 && deadlineMs <= YEAR_MS)) {
    refuse('deadlineMs', deadlineMs, `a number from 0 to ${YEAR_MS}, or Infinity`);
  }
  if (deadlineMs < 1) throw new QueueError('DEADLINE_EXCEEDED', `nothing is left of the deadline of a job for queue ${queue}`);
  if (delayMs >= deadlineMs) refuse('delayMs', delayMs, `less than deadlineMs (${deadlineMs})`);
  return { delayMs, deadlineMs: Math.floor(deadlineMs) };
}

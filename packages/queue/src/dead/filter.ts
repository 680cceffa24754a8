import { decodeFailure, noFailure } from '../failure-record.ts';
import { checkWhole, refuse, refuseUnknown } from '../options.ts';
import type { DeadReason } from '../outcome.ts';
import type { DeadLetter } from '../store.ts';

/** Which dead letters are meant; all that is given must hold, and nothing given means every one. */
export interface DeadLetterFilter {
  /** Why it was dead-lettered; one of these where there are several. */
  readonly reason?: DeadReason | readonly DeadReason[];
  /** Name of the last error, exactly, as in `TypeError`: what stands before the first colon of {@link JobSnapshot.lastError}. */
  readonly errorName?: string;
  /** Part of {@link JobSnapshot.lastError}, name included; upper and lower case are told apart. */
  readonly errorIncludes?: string;
  /** When it was dead-lettered: at this moment or later, in ms since 1970 of Redis's clock. */
  readonly endedAfterMs?: number;
  /** When it was dead-lettered: before this moment, in ms since 1970 of Redis's clock. */
  readonly endedBeforeMs?: number;
  /** Attempts that failed: so many or more. */
  readonly attemptsAtLeast?: number;
}

/** Every reason; a new one that is missing here does not compile. */
const REASONS: Readonly<Record<DeadReason, true>> = {
  'attempts-exhausted': true,
  rejected: true,
  'invalid-payload': true,
  unreadable: true,
  deadline: true,
  poison: true,
  'invalid-result': true,
};

/** All reasons for which a job may be dead-lettered. */
export const deadReasons: readonly DeadReason[] = Object.keys(REASONS) as DeadReason[];

const FIELDS = ['reason', 'errorName', 'errorIncludes', 'endedAfterMs', 'endedBeforeMs', 'attemptsAtLeast'] as const;
const TEXT_MAX = 500;

export function isDeadReason(value: unknown): value is DeadReason {
  return deadReasons.includes(value as DeadReason);
}

/**
 * Makes the function that tells which dead letters are meant.
 *
 * @throws {QueueError} `INVALID_OPTION`
 */
export function matcherOf(filter: DeadLetterFilter = {}): (letter: DeadLetter) => boolean {
  checkFilter(filter);
  const { errorName, errorIncludes, endedAfterMs = 0, endedBeforeMs = Number.POSITIVE_INFINITY, attemptsAtLeast = 0 } = filter;
  const reasons = reasonsOf(filter);
  return ({ atMs, record }) => {
    if (atMs < endedAfterMs || atMs >= endedBeforeMs) return false;
    const { attempts, error = '', reason = 'poison' } = record === undefined ? noFailure : decodeFailure(record);
    if (attempts < attemptsAtLeast || (reasons !== undefined && !reasons.includes(reason))) return false;
    return error.includes(errorIncludes ?? '') && (errorName === undefined || nameOf(error) === errorName);
  };
}

function reasonsOf({ reason }: DeadLetterFilter): readonly DeadReason[] | undefined {
  return typeof reason === 'string' ? [reason] : reason;
}

function nameOf(error: string): string {
  return error.split(':', 1)[0] ?? '';
}

function checkFilter(filter: DeadLetterFilter): void {
  if (typeof filter !== 'object' || filter === null) refuse('filter', filter, `an object with some of ${FIELDS.join(', ')}`);
  refuseUnknown(filter, FIELDS, 'filter');
  const reasons: unknown = reasonsOf(filter) ?? deadReasons;
  const allowed = `one or several of ${deadReasons.join(', ')}`;
  if (!Array.isArray(reasons) || reasons.length === 0) refuse('filter.reason', filter.reason, allowed);
  for (const reason of reasons) if (!isDeadReason(reason)) refuse('filter.reason', reason, allowed);
  for (const field of ['errorName', 'errorIncludes'] as const) {
    const value: unknown = filter[field];
    const right = value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX);
    if (!right) refuse(`filter.${field}`, value, `a text of 1 to ${TEXT_MAX} characters`);
  }
  for (const field of ['endedAfterMs', 'endedBeforeMs', 'attemptsAtLeast'] as const) {
    if (filter[field] !== undefined) checkWhole(`filter.${field}`, filter[field], 0, Number.MAX_SAFE_INTEGER);
  }
}

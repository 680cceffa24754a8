import { TICK_JOBS_MAX } from '../schedule-store.ts';
import type { CatchUp } from './definition.ts';
import type { Timing } from './timing.ts';

/** With `skip`: a tick that is later than this is not enqueued any more. */
export const LATE_MS_MAX = 60_000;
/** With `all`: so many missed ticks are made up for, the latest ones. */
export const CATCH_UP_MAX = 1000;
/** Envelopes that one tick may send. */
const BYTES_MAX = 4_194_304;

/** What becomes of a schedule that is due. */
export interface Plan {
  /** The ticks that get a job each. */
  readonly ticks: readonly number[];
  readonly nextTickMs: number | undefined;
  /** Whether a tick gets no job although the policy is not to merge them. */
  readonly skipped: boolean;
}

interface DueSchedule {
  readonly tickMs: number;
  readonly catchUp: CatchUp;
  readonly envelopeBytes: number;
}

/** Decides by the time of the store which of the ticks that have come get a job, and which tick is the next. */
export function planTicks(timing: Timing, { tickMs, catchUp, envelopeBytes }: DueSchedule, nowMs: number): Plan {
  const latest = timing.latest(tickMs, nowMs, catchUp === 'all' ? CATCH_UP_MAX : 1);
  // The rules of a time zone may have changed since the tick was computed; then it is still the one that is due.
  const due = latest.length === 0 ? [tickMs] : latest;
  const nextTickMs = timing.next(nowMs);
  if (catchUp === 'one') return { ticks: due, nextTickMs, skipped: false };
  const passedOver = due[0]! > tickMs;
  if (catchUp === 'skip') {
    const inTime = nowMs - due[0]! <= LATE_MS_MAX;
    return { ticks: inTime ? due : [], nextTickMs, skipped: passedOver || !inTime };
  }
  // What does not fit into one call comes with the next one: its first tick is the next that is due.
  const page = Math.max(1, Math.min(TICK_JOBS_MAX, Math.floor(BYTES_MAX / (envelopeBytes + 1))));
  return { ticks: due.slice(0, page), nextTickMs: due[page] ?? nextTickMs, skipped: passedOver };
}

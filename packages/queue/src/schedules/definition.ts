import { QueueError } from '../errors.ts';
import { checkWhole, refuse, refuseUnknown } from '../options.ts';
import type { StoredSchedule } from '../schedule-store.ts';
import { cronTiming } from './cron.ts';
import { everyTiming } from './every.ts';
import type { Timing } from './timing.ts';

/**
 * What becomes of ticks that came while no process ran the schedule, or while the queue was full. `skip`: only the latest one gets a job, and only
 * within a minute of its time. `one`: all of them together get one job, the latest's, however late. `all`: each gets its job, the 1000 latest.
 */
export type CatchUp = 'skip' | 'one' | 'all';

/** Ticks at times of day and days, in a time zone. */
export interface CronSchedule {
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds in front; `@daily` and its like. */
  readonly cron: string;
  /** IANA time zone such as `Europe/Berlin`. Default `UTC`, never that of the machine. */
  readonly timeZone?: string;
  /** Default `one`. */
  readonly catchUp?: CatchUp;
  readonly everyMs?: undefined;
  readonly jitterMs?: undefined;
}

/** Ticks at the whole multiples of a period since 1970, in UTC: every 3 600 000 is every full hour. */
export interface EverySchedule {
  /** From 1000 to a year. */
  readonly everyMs: number;
  /** Moves each tick by up to so much, always by the same; less than `everyMs`. Default 0. */
  readonly jitterMs?: number;
  /** Default `one`. */
  readonly catchUp?: CatchUp;
  readonly cron?: undefined;
  readonly timeZone?: undefined;
}

/** When a schedule ticks, and what becomes of ticks that were missed. */
export type ScheduleDefinition = CronSchedule | EverySchedule;

/** A definition that was checked. */
export interface ResolvedSchedule {
  readonly definition: ScheduleDefinition;
  readonly timing: Timing;
  readonly catchUp: CatchUp;
  /** As the store keeps it. */
  readonly text: Pick<StoredSchedule, 'policy' | 'timing'>;
}

const CATCH_UPS: readonly CatchUp[] = ['skip', 'one', 'all'];
const YEAR_MS = 31_622_400_000;

/** @throws {QueueError} `INVALID_OPTION` that names the value and what is allowed. */
export function resolveSchedule(name: string, definition: ScheduleDefinition): ResolvedSchedule {
  if (typeof definition !== 'object' || definition === null)
    refuse('definition', definition, '{ cron, timeZone } or { everyMs, jitterMs }');
  refuseUnknown(definition, ['cron', 'timeZone', 'everyMs', 'jitterMs', 'catchUp'], 'a schedule');
  const {
    cron,
    timeZone,
    everyMs,
    jitterMs,
    catchUp = 'one',
  }: { [Key in keyof ScheduleDefinition]?: ScheduleDefinition[Key] } = definition;
  if (!CATCH_UPS.includes(catchUp)) refuse('catchUp', catchUp, `one of ${CATCH_UPS.join(', ')}`);
  const policy = JSON.stringify({ catchUp });
  if (cron === undefined) {
    if (everyMs === undefined) refuse('everyMs', everyMs, `a whole number from 1000 to ${YEAR_MS} where there is no cron`);
    if (timeZone !== undefined) refuse('timeZone', timeZone, 'absent where everyMs is given');
    const every = { everyMs, jitterMs: jitterMs ?? 0 };
    checkWhole('everyMs', everyMs, 1000, YEAR_MS);
    checkWhole('jitterMs', every.jitterMs, 0, everyMs - 1);
    const timing = everyTiming(name, everyMs, every.jitterMs);
    return { definition: { ...every, catchUp }, timing, catchUp, text: { timing: JSON.stringify(every), policy } };
  }
  if (everyMs !== undefined) refuse('everyMs', everyMs, 'absent where cron is given');
  if (jitterMs !== undefined) refuse('jitterMs', jitterMs, 'absent where cron is given');
  const zoned = { cron: spaced(cron), timeZone: timeZone ?? 'UTC' };
  checkTimeZone(zoned.timeZone);
  return { definition: { ...zoned, catchUp }, timing: checkedCron(zoned), catchUp, text: { timing: JSON.stringify(zoned), policy } };
}

/**
 * What lies in the store, checked again: another release may have written it.
 *
 * @throws {QueueError} `SCHEDULE_UNREADABLE`.
 */
export function readSchedule({ name, timing, policy }: StoredSchedule): ResolvedSchedule {
  try {
    return resolveSchedule(name, { ...(JSON.parse(timing) as object), ...(JSON.parse(policy) as object) } as ScheduleDefinition);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QueueError('SCHEDULE_UNREADABLE', `schedule ${name} cannot be run by this release, and is left to others: ${why}`, { cause });
  }
}

function spaced(cron: unknown): string {
  const text = typeof cron === 'string' ? cron.trim().replaceAll(/\s+/g, ' ') : '';
  const [first = '', ...others] = text.split(' ');
  const fields = first.startsWith('@') ? others.length === 0 : others.length === 4 || others.length === 5;
  if (!fields || text.length > 256) refuse('cron', cron, CRON);
  return text;
}

const CRON = 'a cron expression of 5 fields, 6 with seconds, such as "0 3 * * *"';

function checkedCron({ cron, timeZone }: { readonly cron: string; readonly timeZone: string }): Timing {
  try {
    const timing = cronTiming(cron, timeZone);
    if (timing.next(0) === undefined) throw new TypeError('no day is like that');
    return timing;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QueueError('INVALID_OPTION', `cron must be ${CRON}, got ${JSON.stringify(cron)}: ${why}`, { cause });
  }
}

function checkTimeZone(timeZone: unknown): void {
  try {
    if (typeof timeZone !== 'string') throw new TypeError('no text');
    new Intl.DateTimeFormat('en', { timeZone }).format(0);
  } catch {
    refuse('timeZone', timeZone, 'an IANA time zone such as "Europe/Berlin"');
  }
}

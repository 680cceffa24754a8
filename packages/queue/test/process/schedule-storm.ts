import type { ScheduleDefinition } from '@nines/queue/schedules';

/** What a process of the storm is told at its start. */
export interface ScheduleWorkerArguments {
  readonly url: string;
  readonly name: string;
  readonly schedulers: number;
  readonly seed: number;
  readonly offsetMs: number;
}

/** Milliseconds that are added to the time of Redis from now on. */
export interface TimeMoved {
  readonly offsetMs: number;
}

export const STORM: Readonly<Record<string, ScheduleDefinition>> = {
  quarterly: { cron: '*/15 * * * *', timeZone: 'Europe/Berlin' },
  hourly: { everyMs: 3_600_000, jitterMs: 600_000, catchUp: 'all' },
  nightly: { cron: '0 3 * * *', timeZone: 'Asia/Tokyo', catchUp: 'skip' },
};

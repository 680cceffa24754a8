export type { CatchUp, CronSchedule, EverySchedule, ScheduleDefinition } from './schedules/definition.ts';
export {
  createScheduler,
  type Scheduler,
  type SchedulerOptions,
  type SchedulerSettings,
  type ScheduleSnapshot,
  type UpsertResult,
} from './schedules/scheduler.ts';

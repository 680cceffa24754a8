/** A schedule as it lies in the store. */
export interface StoredSchedule {
  readonly name: string;
  /** When it ticks, as one line of text; two that are equal tick alike. */
  readonly timing: string;
  /** What else is said of it, as one line of text. */
  readonly policy: string;
  /** Of each of its jobs; without a trace, for nobody's request made them. */
  readonly envelope: Buffer;
  /** Its next tick, in ms since 1970. */
  readonly tickMs: number;
}

/** What became of an upsert; `refused` when the queue has as many schedules as it may have. */
export interface UpsertReply {
  readonly change: 'created' | 'replaced' | 'unchanged' | 'refused';
  /** The next tick: the given one for a new schedule and for one that ticks otherwise than before; else the one that was there. */
  readonly tickMs: number;
}

/** The schedules whose tick has come. */
export interface DueReply {
  readonly nowMs: number;
  /** Earliest tick first. */
  readonly due: readonly StoredSchedule[];
  /** Milliseconds until the next one that is not due yet; undefined when there is none. */
  readonly nextDueMs: number | undefined;
}

/** One tick of a schedule, as it was read, to be turned into jobs. */
export interface Tick {
  readonly schedule: StoredSchedule;
  /** Of the jobs to add, at most 100; none where the tick is skipped. */
  readonly ids: readonly string[];
  readonly nextTickMs: number;
}

/**
 * `ticked`: the jobs are there and the schedule has its next tick. `passed`: somebody else was first, the schedule was replaced, or the tick is
 * not due; nothing happened. `full`: the queue has no room for the jobs; nothing happened.
 */
export type TickVerdict = 'ticked' | 'passed' | 'full';

/** Schedules that one queue may have. */
export const SCHEDULES_MAX = 1000;
/** Jobs that one tick may add; what was missed beyond that comes with the next call. */
export const TICK_JOBS_MAX = 100;

/** The verbs of schedules; of partition 0 only. */
export interface ScheduleStore {
  /** Adds a schedule or replaces it, in one step; one that is the same keeps everything, one that ticks as before keeps its tick. */
  upsert(schedule: StoredSchedule): Promise<UpsertReply>;
  /** Resolves to whether there was one. */
  remove(name: string): Promise<boolean>;
  /** By name; `limit` is 1 to 100. */
  list(skip: number, limit: number): Promise<readonly StoredSchedule[]>;
  /** At most `limit` schedules that are due by the store's clock. */
  due(limit: number): Promise<DueReply>;
  /** Enqueues and moves on, each in one step, if schedule and tick are still as they were read; verdicts in the order of the ticks. */
  tick(ticks: readonly Tick[]): Promise<readonly TickVerdict[]>;
  /** Calls `listener` when schedules have changed, also after every reconnection; resolves to a function that ends it. */
  subscribe(listener: () => void): Promise<() => void>;
}

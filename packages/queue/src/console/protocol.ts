/** What the console's handler and its page say to each other; no imports, for both sides are compiled apart. */

/** Where a job is in its life; the same as `JobState`. */
export type State = 'waiting' | 'delayed' | 'active' | 'completed' | 'dead';

/** What a visitor may do, each including the one before: see the figures, see the jobs, change them. */
export type Role = 'counts' | 'read' | 'operate';

/** The figures of one queue, as `JobCounts`. */
export interface Counts {
  readonly waiting: number;
  readonly delayed: number;
  readonly due: number;
  readonly active: number;
  readonly completed: number;
  readonly dead: number;
  readonly oldestAgeMs: number;
  readonly paused: boolean;
}

/** Why there is no answer. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** One queue at the last poll. */
export interface QueueState {
  /** What the page calls it in every request. */
  readonly key: string;
  /** Undefined where the queue could not be asked; then there is an `error`. */
  readonly counts?: Counts | undefined;
  readonly error?: Failure | undefined;
  /** How fast the backlog (waiting, due and active) grows, in jobs a second; undefined before the second poll. */
  readonly backlogPerSecond?: number | undefined;
  /** How fast dead letters become more, in jobs a second; undefined before the second poll. */
  readonly deadPerSecond?: number | undefined;
  /** The backlog at the polls of the last minute, the newest last. */
  readonly backlogs: readonly number[];
}

/** The answer of `api/state`. */
export interface ConsoleState {
  readonly role: Role;
  /** The page around the console. */
  readonly home?: { readonly href: string; readonly title: string } | undefined;
  /** After how many milliseconds to ask again. */
  readonly refreshMs: number;
  readonly queues: readonly QueueState[];
}

/** A job in a list. */
export interface JobLine {
  readonly id: string;
  readonly state: State;
  readonly failedAttempts: number;
  readonly enqueuedAtMs: number;
  readonly lastError?: string | undefined;
  readonly deadReason?: string | undefined;
  readonly deadlineAtMs?: number | undefined;
  readonly atMs?: number | undefined;
  readonly traceId?: string | undefined;
}

/** The answer of `api/jobs`. */
export interface JobPage {
  readonly jobs: readonly JobLine[];
  readonly skip: number;
  readonly limit: number;
  /** Whether there are jobs behind these. */
  readonly more: boolean;
}

/** The answer of `api/job`. */
export interface JobDetail extends JobLine {
  /** `shown`: as JSON, perhaps cut; `hidden`: this visitor may not see it; `unreadable`: what is stored cannot be read. */
  readonly payload: 'shown' | 'hidden' | 'unreadable';
  readonly payloadText?: string | undefined;
  /** True where only the beginning is shown. */
  readonly payloadCut?: boolean | undefined;
}

/** What changes a queue. */
export type Action = 'redrive' | 'purge' | 'pause' | 'resume';

/** The body of `POST api/<action>`; `ids` or `limit` for redrive and purge, neither for the others. */
export interface ActionRequest {
  readonly queue: string;
  readonly ids?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}

/** The answer of `POST api/<action>`. */
export interface ActionReply {
  /** Jobs that were redriven or purged; 0 for the others. */
  readonly jobs: number;
}

/** The body of every refusal. */
export interface Refusal {
  readonly error: Failure;
}

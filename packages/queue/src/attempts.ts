import type { Clock } from './clock.ts';
import { QueueError } from './errors.ts';

/** One run of the handler, from its start until its outcome is known or it is given up. */
export interface Attempt {
  readonly id: string;
  readonly suspect: boolean;
  /** When it was claimed. */
  readonly claimedAt: number;
  readonly startedAt: number;
  /** When the time of this attempt runs out. */
  readonly timeoutAt: number;
  /** When the job is of no use any more; Infinity when it has no deadline. */
  deadlineAt: number;
  /** Set once the attempt is given up (timed out, lease lost, stopped); what its handler does afterwards counts for nothing. */
  abandoned: QueueError | undefined;
  signal(): AbortSignal;
  /** Gives the job so long, counted from the start of the attempt. */
  boundBy(remainingMs: number): void;
  /** Milliseconds left to it. */
  remainingMs(): number;
  /** Aborts the signal and tells the runner. */
  abandon(reason: QueueError): void;
  /** Ends the watch over its deadline. */
  stopWatching: () => void;
  /** Called with the reason when the attempt is given up. */
  onAbandon: (reason: QueueError) => void;
}

/**
 * The attempts that run now, oldest first. All have the same time limit, so the oldest is the next to run out,
 * and one timer serves them all, however many there are.
 */
export interface Attempts {
  readonly size: number;
  readonly suspects: number;
  start(id: string, suspect: boolean, claimedAt: number): Attempt;
  end(attempt: Attempt): void;
  get(id: string): Attempt | undefined;
  ids(): string[];
  all(): Attempt[];
}

export function createAttempts(timeoutMs: number, clock: Clock): Attempts {
  const running = new Map<string, Attempt>();
  let suspects = 0;
  let armed = false;

  const arm = () => {
    const oldest = running.values().next().value;
    armed = oldest !== undefined;
    if (oldest !== undefined) clock.after(oldest.timeoutAt - clock.now(), expire);
  };
  const expire = () => {
    const now = clock.now();
    for (const attempt of running.values()) {
      if (attempt.timeoutAt > now) break;
      attempt.abandon(
        new QueueError('ATTEMPT_TIMEOUT', `the attempt took longer than attemptTimeoutMs (${timeoutMs} ms)`, { retryable: true }),
      );
    }
    arm();
  };

  return {
    get size() {
      return running.size;
    },
    get suspects() {
      return suspects;
    },
    start(id, suspect, claimedAt) {
      const attempt = createAttempt({ id, suspect, claimedAt, timeoutMs }, clock);
      running.set(id, attempt);
      if (suspect) suspects += 1;
      if (!armed) arm();
      return attempt;
    },
    end(attempt) {
      if (running.get(attempt.id) !== attempt) return;
      running.delete(attempt.id);
      attempt.stopWatching();
      if (attempt.suspect) suspects -= 1;
    },
    get: (id) => running.get(id),
    ids: () => [...running.keys()],
    all: () => [...running.values()],
  };
}

/** Why a job is not run, or not run any longer. */
export function deadlineExceeded(id: string): QueueError {
  return new QueueError('DEADLINE_EXCEEDED', `the deadline of job ${id} has passed`);
}

interface NewAttempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly claimedAt: number;
  readonly timeoutMs: number;
}

/** The AbortController is made only when somebody asks for the signal: most handlers of short jobs never do. */
function createAttempt({ id, suspect, claimedAt, timeoutMs }: NewAttempt, clock: Clock): Attempt {
  let controller: AbortController | undefined;
  const startedAt = clock.now();
  return {
    id,
    suspect,
    claimedAt,
    startedAt,
    timeoutAt: startedAt + timeoutMs,
    deadlineAt: Number.POSITIVE_INFINITY,
    stopWatching: () => {},
    abandoned: undefined,
    onAbandon: () => {},
    signal() {
      controller ??= new AbortController();
      if (this.abandoned !== undefined && !controller.signal.aborted) controller.abort(this.abandoned);
      return controller.signal;
    },
    boundBy(remainingMs) {
      this.deadlineAt = startedAt + remainingMs;
      if (this.deadlineAt >= this.timeoutAt) return;
      this.stopWatching = clock.after(remainingMs, () => this.abandon(deadlineExceeded(id)));
    },
    remainingMs() {
      return Math.max(0, Math.min(this.timeoutAt, this.deadlineAt) - clock.now());
    },
    abandon(reason) {
      if (this.abandoned !== undefined) return;
      this.abandoned = reason;
      controller?.abort(reason);
      this.onAbandon(reason);
    },
  };
}

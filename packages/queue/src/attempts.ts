import type { Clock } from './clock.ts';
import { attemptTimedOut, deadlineExceeded } from './abandon-reasons.ts';
import type { QueueError } from './errors.ts';

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
  readonly abandoned: QueueError | undefined;
  /** Whether its outcome is known. */
  readonly ended: boolean;
  signal(): AbortSignal;
  /** Gives the job so long, counted from the start of the attempt. */
  boundBy(remainingMs: number): void;
  /** Milliseconds left to it. */
  remainingMs(): number;
  /** Aborts the signal and tells the runner. */
  abandon(reason: QueueError): void;
  /** Called with the reason when the attempt is given up. */
  onAbandon: ((reason: QueueError) => void) | undefined;
}

/** The attempts that run now, oldest first; one timer serves them all, however many there are. */
export interface Attempts {
  readonly size: number;
  readonly suspects: number;
  start(id: string, suspect: boolean, claimedAt: number): Attempt;
  end(attempt: Attempt): void;
  ids(): string[];
  all(): Attempt[];
}

interface NewAttempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly claimedAt: number;
  readonly timeoutMs: number;
}

/** A member of the list of running attempts: starting and ending one allocates nothing besides it, however fast jobs come and go. */
class Running implements Attempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly claimedAt: number;
  readonly startedAt: number;
  readonly timeoutAt: number;
  deadlineAt: number = Number.POSITIVE_INFINITY;
  abandoned: QueueError | undefined = undefined;
  onAbandon: ((reason: QueueError) => void) | undefined = undefined;
  older: Running | undefined = undefined;
  newer: Running | undefined = undefined;
  ended = false;
  readonly #clock: Clock;
  /** Made only when somebody asks for the signal: most handlers of short jobs never do. */
  #controller: AbortController | undefined;
  #stopWatching: (() => void) | undefined;

  constructor({ id, suspect, claimedAt, timeoutMs }: NewAttempt, clock: Clock) {
    this.id = id;
    this.suspect = suspect;
    this.claimedAt = claimedAt;
    this.startedAt = clock.now();
    this.timeoutAt = this.startedAt + timeoutMs;
    this.#clock = clock;
  }

  signal(): AbortSignal {
    const controller = (this.#controller ??= new AbortController());
    if (this.abandoned !== undefined && !controller.signal.aborted) controller.abort(this.abandoned);
    return controller.signal;
  }

  boundBy(remainingMs: number): void {
    this.deadlineAt = this.startedAt + remainingMs;
    if (this.deadlineAt >= this.timeoutAt) return;
    this.#stopWatching = this.#clock.after(remainingMs, () => this.abandon(deadlineExceeded(this.id)));
  }

  stopWatching(): void {
    this.#stopWatching?.();
  }

  remainingMs(): number {
    return Math.max(0, Math.min(this.timeoutAt, this.deadlineAt) - this.#clock.now());
  }

  abandon(reason: QueueError): void {
    if (this.abandoned !== undefined) return;
    this.abandoned = reason;
    this.#controller?.abort(reason);
    this.onAbandon?.(reason);
  }
}

export function createAttempts(timeoutMs: number, clock: Clock): Attempts {
  let oldest: Running | undefined;
  let newest: Running | undefined;
  let size = 0;
  let suspects = 0;
  let armed = false;

  const all = () => {
    const list: Running[] = [];
    for (let at = oldest; at !== undefined; at = at.newer) list.push(at);
    return list;
  };
  // All have the same time limit, so the oldest is the next to run out.
  const arm = () => {
    armed = oldest !== undefined;
    if (oldest !== undefined) clock.after(oldest.timeoutAt - clock.now(), expire);
  };
  const expire = () => {
    const now = clock.now();
    for (const attempt of all()) {
      if (attempt.timeoutAt > now) break;
      attempt.abandon(attemptTimedOut(timeoutMs));
    }
    arm();
  };
  const unlink = (attempt: Running) => {
    if (attempt.ended) return;
    attempt.ended = true;
    attempt.stopWatching();
    if (attempt.older === undefined) oldest = attempt.newer;
    else attempt.older.newer = attempt.newer;
    if (attempt.newer === undefined) newest = attempt.older;
    else attempt.newer.older = attempt.older;
    attempt.older = undefined;
    attempt.newer = undefined;
    size -= 1;
    if (attempt.suspect) suspects -= 1;
  };

  return {
    get size() {
      return size;
    },
    get suspects() {
      return suspects;
    },
    start(id, suspect, claimedAt) {
      const attempt = new Running({ id, suspect, claimedAt, timeoutMs }, clock);
      attempt.older = newest;
      if (newest === undefined) oldest = attempt;
      else newest.newer = attempt;
      newest = attempt;
      size += 1;
      if (suspect) suspects += 1;
      if (!armed) arm();
      return attempt;
    },
    end: (attempt) => unlink(attempt as Running),
    ids: () => all().map(({ id }) => id),
    all,
  };
}

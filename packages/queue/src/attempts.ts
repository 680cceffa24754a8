import type { Clock } from './clock.ts';
import { QueueError } from './errors.ts';

/** One run of the handler, from its start until its outcome is known or it is given up. */
export interface Attempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** Set once the attempt is given up (timed out, lease lost, stopped); what its handler does afterwards counts for nothing. */
  readonly abandoned: QueueError | undefined;
  signal(): AbortSignal;
  /** Aborts the signal and tells the runner. */
  abandon(reason: QueueError): void;
  /** Called with the reason when the attempt is given up. */
  onAbandon: ((reason: QueueError) => void) | undefined;
}

/** The attempts that run now, oldest first; one timer serves them all, however many there are. */
export interface Attempts {
  readonly size: number;
  readonly suspects: number;
  start(id: string, suspect: boolean): Attempt;
  end(attempt: Attempt): void;
  ids(): string[];
  all(): Attempt[];
}

/** A member of the list of running attempts: starting and ending one allocates nothing besides it, however fast jobs come and go. */
class Running implements Attempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly startedAt: number;
  readonly deadlineAt: number;
  abandoned: QueueError | undefined = undefined;
  onAbandon: ((reason: QueueError) => void) | undefined = undefined;
  older: Running | undefined = undefined;
  newer: Running | undefined = undefined;
  ended = false;
  /** Made only when somebody asks for the signal: most handlers of short jobs never do. */
  #controller: AbortController | undefined;

  constructor(id: string, suspect: boolean, startedAt: number, deadlineAt: number) {
    this.id = id;
    this.suspect = suspect;
    this.startedAt = startedAt;
    this.deadlineAt = deadlineAt;
  }

  signal(): AbortSignal {
    const controller = (this.#controller ??= new AbortController());
    if (this.abandoned !== undefined && !controller.signal.aborted) controller.abort(this.abandoned);
    return controller.signal;
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
    if (oldest !== undefined) clock.after(oldest.deadlineAt - clock.now(), expire);
  };
  const expire = () => {
    const now = clock.now();
    for (const attempt of all()) {
      if (attempt.deadlineAt > now) break;
      attempt.abandon(
        new QueueError('ATTEMPT_TIMEOUT', `the attempt took longer than attemptTimeoutMs (${timeoutMs} ms)`, { retryable: true }),
      );
    }
    arm();
  };
  const unlink = (attempt: Running) => {
    if (attempt.ended) return;
    attempt.ended = true;
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
    start(id, suspect) {
      const now = clock.now();
      const attempt = new Running(id, suspect, now, now + timeoutMs);
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

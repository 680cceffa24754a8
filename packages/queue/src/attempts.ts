import type { Clock } from './clock.ts';
import { QueueError } from './errors.ts';

/** One run of the handler, from its start until its outcome is known or it is given up. */
export interface Attempt {
  readonly id: string;
  readonly suspect: boolean;
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** Set once the attempt is given up (timed out, lease lost, stopped); what its handler does afterwards counts for nothing. */
  abandoned: QueueError | undefined;
  signal(): AbortSignal;
  /** Aborts the signal and tells the runner. */
  abandon(reason: QueueError): void;
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
  start(id: string, suspect: boolean): Attempt;
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
    if (oldest !== undefined) clock.after(oldest.deadlineAt - clock.now(), expire);
  };
  const expire = () => {
    const now = clock.now();
    for (const attempt of running.values()) {
      if (attempt.deadlineAt > now) break;
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
    start(id, suspect) {
      const now = clock.now();
      const attempt = createAttempt(id, suspect, now, now + timeoutMs);
      running.set(id, attempt);
      if (suspect) suspects += 1;
      if (!armed) arm();
      return attempt;
    },
    end(attempt) {
      if (running.get(attempt.id) !== attempt) return;
      running.delete(attempt.id);
      if (attempt.suspect) suspects -= 1;
    },
    get: (id) => running.get(id),
    ids: () => [...running.keys()],
    all: () => [...running.values()],
  };
}

/** The AbortController is made only when somebody asks for the signal: most handlers of short jobs never do. */
function createAttempt(id: string, suspect: boolean, startedAt: number, deadlineAt: number): Attempt {
  let controller: AbortController | undefined;
  return {
    id,
    suspect,
    startedAt,
    deadlineAt,
    abandoned: undefined,
    onAbandon: () => {},
    signal() {
      controller ??= new AbortController();
      if (this.abandoned !== undefined && !controller.signal.aborted) controller.abort(this.abandoned);
      return controller.signal;
    },
    abandon(reason) {
      if (this.abandoned !== undefined) return;
      this.abandoned = reason;
      controller?.abort(reason);
      this.onAbandon(reason);
    },
  };
}

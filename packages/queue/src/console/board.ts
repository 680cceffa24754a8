import { isQueueError, type Inspector } from '@nines/queue';
import type { Clock } from '../clock.ts';
import type { Counts, Failure, QueueState } from './protocol.ts';

/** How far back figures are kept, for rates and the little curve. */
const HISTORY_MS = 60_000;

interface Sample {
  readonly atMs: number;
  readonly counts: Counts;
}

/** The queues of a console by the name that its page uses. */
export type Inspectors = ReadonlyMap<string, Pick<Inspector<unknown>, 'counts'>>;

/**
 * The figures of all queues. However many visitors look, Redis is asked once an interval at most; while nobody looks, it is not asked at all.
 */
export class Board {
  readonly #inspectors: Inspectors;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #history = new Map<string, readonly Sample[]>();
  #latest: { readonly atMs: number; readonly states: Promise<readonly QueueState[]> } | undefined;

  constructor(inspectors: Inspectors, clock: Clock, intervalMs: number) {
    this.#inspectors = inspectors;
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** What is known now, at most one interval old. */
  read(): Promise<readonly QueueState[]> {
    const nowMs = this.#clock.now();
    if (this.#latest === undefined || nowMs - this.#latest.atMs >= this.#intervalMs) {
      const states = Promise.all([...this.#inspectors].map(([key, inspector]) => this.#ask(key, inspector)));
      this.#latest = { atMs: nowMs, states };
    }
    return this.#latest.states;
  }

  /** Something was changed: the next visitor gets new figures. */
  forget(): void {
    this.#latest = undefined;
  }

  async #ask(key: string, inspector: Pick<Inspector<unknown>, 'counts'>): Promise<QueueState> {
    try {
      const counts = await inspector.counts();
      const atMs = this.#clock.now();
      const history = [...(this.#history.get(key) ?? []).filter((sample) => atMs - sample.atMs <= HISTORY_MS), { atMs, counts }];
      this.#history.set(key, history);
      return { key, counts, ...rates(history), backlogs: history.map((sample) => backlog(sample.counts)) };
    } catch (error) {
      return { key, error: failureOf(error), backlogs: [] };
    }
  }
}

function rates(history: readonly Sample[]): Pick<QueueState, 'backlogPerSecond' | 'deadPerSecond'> {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return {};
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    backlogPerSecond: (backlog(last.counts) - backlog(first.counts)) / seconds,
    deadPerSecond: (last.counts.dead - first.counts.dead) / seconds,
  };
}

/** Jobs that need a worker. */
function backlog({ waiting, due, active }: Counts): number {
  return waiting + due + active;
}

/** What may be told to a visitor: the queue's own errors, whose messages carry no payload and no secret. */
export function failureOf(error: unknown): Failure {
  if (isQueueError(error)) return { code: error.code, message: error.message };
  return { code: 'CONSOLE_FAILED', message: 'something went wrong inside the console' };
}

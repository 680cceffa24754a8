import type { Inspector } from '@nines/queue';
import type { Delivery } from '../../src/queue.ts';
import type { DeadLetterView, QueueFigures } from './protocol.ts';

export interface QueueAnswer {
  readonly figures: QueueFigures;
  readonly deadLetters: readonly DeadLetterView[];
}

const SHOWN_MAX = 5;
const PATIENCE_MS = 900;

/** Asks the queue for its figures. While Redis is away one question waits for it, not one a second. */
export class WatchedQueue {
  readonly #inspector: Inspector<Delivery>;
  #asking: Promise<QueueAnswer | undefined> | undefined;

  constructor(inspector: Inspector<Delivery>) {
    this.#inspector = inspector;
  }

  /** Undefined when Redis does not answer in time. */
  async read(): Promise<QueueAnswer | undefined> {
    this.#asking ??= this.#ask()
      .catch(() => undefined)
      .finally(() => (this.#asking = undefined));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
    try {
      return await Promise.race([this.#asking, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(): Promise<QueueAnswer> {
    const { waiting, delayed, active, completed, dead, oldestAgeMs, paused } = await this.#inspector.counts();
    const jobs = dead === 0 ? [] : await this.#inspector.list('dead', { limit: SHOWN_MAX });
    return {
      figures: { waiting, delayed, active, completed, dead, oldestAgeMs, paused },
      deadLetters: jobs.map(({ id, payload, deadReason = '', lastError = '', failedAttempts, atMs, traceId }) => ({
        id,
        destination: payload?.destination ?? 'unreadable',
        reason: deadReason,
        error: lastError.slice(0, 300),
        attempts: failedAttempts,
        ...(atMs === undefined ? {} : { sinceMs: atMs }),
        ...(traceId === undefined ? {} : { traceId }),
      })),
    };
  }
}

import { context } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import { isQueueError, QueueError } from './errors.ts';
import { decodeFailure } from './failure-record.ts';
import type { ResolvedQueueOptions } from './options.ts';
import { decodeResult } from './result.ts';
import type { JobNews, Store, StoredOutcome } from './store.ts';
import { untraced } from './tracing.ts';

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface WatchOptions {
  readonly queue: ResolvedQueueOptions;
  readonly store: Pick<Store, 'listen' | 'open' | 'outcomes'>;
  readonly clock: Clock;
}

const REPEAT_MS = 100;
const LOOK_MAX = 1000;

/**
 * Waits for jobs of one partition to end, without polling: it listens first and looks then, so that no end goes unnoticed, and looks again when the
 * connection was away. All who wait share one subscription, and those whose jobs end together one look.
 */
export class OutcomeWatch {
  readonly #options: WatchOptions;
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #toLook = new Set<string>();
  #looking = false;
  #listening: Promise<() => void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Resolves to the result. */
  wait(id: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<unknown> {
    const { clock, queue } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (finish: () => void) => {
        cancel();
        signal?.removeEventListener('abort', abort);
        this.#remove(id, waiter);
        finish();
      };
      const waiter: Waiter = { resolve: (result) => end(() => resolve(result)), reject: (error) => end(() => reject(error)) };
      const abort = () => waiter.reject(signal?.reason);
      const timeout = () =>
        waiter.reject(new QueueError('WAIT_TIMEOUT', `job ${id} of queue ${queue.name} has not ended within ${timeoutMs} ms`));
      const cancel = clock.after(timeoutMs, timeout, true);
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.set(id, (this.#waiters.get(id) ?? new Set()).add(waiter));
      if (signal?.aborted === true) return abort();
      this.#listen().then(() => this.#look([id]), waiter.reject);
    });
  }

  /** All waits end with `CLOSED`. */
  close(): void {
    const closed = new QueueError('CLOSED', `the producer of queue ${this.#options.queue.name} was closed during the wait`);
    for (const id of this.#waiters.keys()) this.#each(id, ({ reject }) => reject(closed));
  }

  #listen(): Promise<() => void> {
    return (this.#listening ??= this.#begin().catch((error: unknown) => {
      this.#listening = undefined;
      throw error;
    }));
  }

  async #begin(): Promise<() => void> {
    const { store } = this.#options;
    await store.open();
    for (;;) {
      try {
        return await store.listen((news) => this.#look(news === undefined ? [...this.#waiters.keys()] : idsOf(news)));
      } catch (error) {
        if (!isUnavailable(error) || this.#waiters.size === 0) throw error;
        await this.#pause();
      }
    }
  }

  #look(ids: readonly string[]): void {
    for (const id of ids) if (this.#waiters.has(id)) this.#toLook.add(id);
    if (!this.#looking && this.#toLook.size > 0) void this.#lookAll();
  }

  /** What nobody answered is asked again, for as long as somebody waits. */
  async #lookAll(): Promise<void> {
    this.#looking = true;
    while (this.#toLook.size > 0) {
      const ids = [...this.#toLook].filter((id) => this.#waiters.has(id)).slice(0, LOOK_MAX);
      this.#toLook.clear();
      try {
        const outcomes = await context.with(untraced, () => this.#options.store.outcomes(ids));
        await Promise.all(ids.map((id, at) => this.#settle(id, outcomes[at] ?? { state: 'unknown' })));
      } catch (error) {
        if (isUnavailable(error)) {
          await this.#pause();
          for (const id of this.#waiters.keys()) this.#toLook.add(id);
        } else for (const id of ids) this.#each(id, ({ reject }) => reject(error));
      }
    }
    this.#looking = false;
  }

  async #settle(id: string, outcome: StoredOutcome): Promise<void> {
    if (outcome.state === 'pending') return;
    try {
      const result = await resultOf(this.#options.queue, id, outcome);
      this.#each(id, ({ resolve }) => resolve(result));
    } catch (error) {
      this.#each(id, ({ reject }) => reject(error));
    }
  }

  #each(id: string, act: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters.get(id) ?? []) act(waiter);
  }

  /** The last one who waits ends the subscription. */
  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(id);
    if (this.#waiters.size > 0) return;
    const listening = this.#listening;
    this.#listening = undefined;
    listening?.then(
      (stop) => stop(),
      () => {},
    );
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(REPEAT_MS, resolve, true));
  }
}

/** Every id of a message; what is told besides does no harm, for nobody waits for it. */
function idsOf(news: readonly JobNews[]): string[] {
  return news.flatMap(([, ...rest]) => rest.map(String));
}

function isUnavailable(error: unknown): boolean {
  return isQueueError(error) && error.code === 'REDIS_UNAVAILABLE';
}

/** @throws {QueueError} `JOB_DEAD_LETTERED`, `JOB_CANCELLED`, `JOB_UNKNOWN`. */
async function resultOf(queue: ResolvedQueueOptions, id: string, outcome: StoredOutcome): Promise<unknown> {
  const job = `job ${id} of queue ${queue.name}`;
  if (outcome.state === 'completed') return decodeResult(queue, outcome.result);
  if (outcome.state === 'cancelled') throw new QueueError('JOB_CANCELLED', `${job} was cancelled`);
  if (outcome.state !== 'dead')
    throw new QueueError('JOB_UNKNOWN', `${job} is not there, and neither is a result of it: it never was, or is forgotten`);
  const { reason = 'poison', error } = decodeFailure(outcome.record ?? '');
  throw new QueueError('JOB_DEAD_LETTERED', `${job} was dead-lettered (${reason})${error === undefined ? '' : `: ${error}`}`, { reason });
}

import { jobCancelled, leaseLost, stopped } from './abandon-reasons.ts';
import type { Attempts } from './attempts.ts';
import type { ClaimedJobs } from './claimed-jobs.ts';
import type { ConsumerEvents } from './consumer-events.ts';
import type { Queue } from './define.ts';
import type { Emitter } from './emitter.ts';
import type { QueueMetrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';

/** What a claim loop holds: what runs, what has not started, and what has ended and is not confirmed. */
export interface Held {
  readonly attempts: Attempts;
  readonly claimed: ClaimedJobs;
  readonly outbox: Outbox;
}

/** Whom to tell of a loss. */
interface Mourners {
  readonly queue: Queue<unknown, unknown>;
  readonly metrics: QueueMetrics | undefined;
  readonly events: Pick<Emitter<ConsumerEvents>, 'emit'>;
}

/**
 * All that was held belongs to others: what runs is aborted, what waits forgotten. Outcomes that the refused call carried came too late, as did
 * those that ended meanwhile.
 */
export function giveUpAll({ attempts, claimed, outbox }: Held, { queue, metrics, events }: Mourners): void {
  const ids = [...attempts.ids(), ...claimed.ids(), ...outbox.ids()];
  const running = attempts.all();
  claimed.clear();
  outbox.clear();
  for (const attempt of running) attempt.abandon(leaseLost(queue, attempt.id));
  if (ids.length > 0) metrics?.leasesLost(queue.name, ids.length);
  for (const id of ids) events.emit('lost', { id });
}

/** Some are not held any more: what was sent of them was settled by the call whose answer was lost, or came too late. */
export function giveUpLost({ attempts, claimed, outbox }: Held, ids: readonly string[], { queue, events }: Mourners): void {
  const lost = new Set(ids);
  outbox.takeBack(lost);
  claimed.forget(lost);
  for (const attempt of attempts.all()) {
    if (!lost.has(attempt.id)) continue;
    attempt.abandon(leaseLost(queue, attempt.id));
    events.emit('lost', { id: attempt.id });
  }
}

/** Somebody cancelled them: what runs is aborted, what has not started never will; of what has ended the store decides. */
export function giveUpCancelled({ attempts, claimed, outbox }: Held, ids: readonly string[]): void {
  const cancelled = new Set(ids);
  for (const id of claimed.ids()) if (cancelled.has(id)) outbox.add({ verb: 'cancel', id });
  claimed.forget(cancelled);
  for (const attempt of attempts.all()) if (cancelled.has(attempt.id)) attempt.abandon(jobCancelled(attempt.id));
}

/** The consumer waits no longer: what runs is aborted and handed back; returns how many jobs that are. */
export function giveBackAll({ attempts, outbox }: Held, timeoutMs: number): number {
  const running = attempts.all();
  for (const attempt of running) {
    outbox.add({ verb: 'release', id: attempt.id, suspect: attempt.suspect });
    attempt.abandon(stopped(timeoutMs));
  }
  return running.length;
}

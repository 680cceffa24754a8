import type { Emitter } from './emitter.ts';
import { decodeFailure } from './failure-record.ts';
import type { DeadReason } from './outcome.ts';
import type { Settlement } from './store.ts';

/** What happens to the jobs that a consumer runs, once Redis has confirmed it. */
export interface ConsumerEvents {
  readonly completed: { readonly id: string };
  /** An attempt failed; the next one comes after `delayMs`. `error` is its name and message, 500 characters at most. */
  readonly retrying: { readonly id: string; readonly delayMs: number; readonly failedAttempts: number; readonly error: string };
  /** Dead-lettered by this consumer; poison is dead-lettered by whoever finds it, and shown by the inspector. */
  readonly dead: { readonly id: string; readonly reason: DeadReason; readonly failedAttempts: number; readonly error: string };
  /** Cancelled while it was held here. */
  readonly cancelled: { readonly id: string };
  /** Its lease was lost: others have it, or Redis forgot what it had answered. */
  readonly lost: { readonly id: string };
}

export const CONSUMER_EVENTS: readonly (keyof ConsumerEvents)[] = ['completed', 'retrying', 'dead', 'cancelled', 'lost'];

/** What an exchange confirmed. */
export function emitSettled(
  { emit }: Pick<Emitter<ConsumerEvents>, 'emit'>,
  sent: readonly Settlement[],
  { lostIds, refusedIds = [] }: { readonly lostIds: readonly string[]; readonly refusedIds?: readonly string[] },
): void {
  const not = new Set([...lostIds, ...refusedIds]);
  for (const settlement of sent) {
    const { id, verb } = settlement;
    if (not.has(id)) continue;
    if (verb === 'ack' || verb === 'commit') emit('completed', { id });
    else if (verb === 'cancel') emit('cancelled', { id });
    else if (verb !== 'release') {
      const { attempts: failedAttempts, error = '', reason = 'rejected' } = decodeFailure(settlement.record);
      if (verb === 'dead') emit('dead', { id, reason, failedAttempts, error });
      else emit('retrying', { id, delayMs: settlement.delayMs, failedAttempts, error });
    }
  }
  for (const id of lostIds) emit('lost', { id });
}

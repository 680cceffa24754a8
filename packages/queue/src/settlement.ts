import { encodeFailure, type FailureRecord } from './failure-record.ts';
import type { Outcome } from './outcome.ts';
import type { Settlement } from './store.ts';

/** The message of an error, for the record of a failed job; never goes into spans or metrics. */
function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** How the store is told of an outcome. A job that failed by itself has shown that it does not kill, so its losses are forgotten. */
export function settlementOf(id: string, outcome: Outcome, failure: FailureRecord, span: string | undefined): Settlement {
  if (outcome.verb === 'completed') {
    const failedBefore = failure.attempts > 0 || failure.losses > 0;
    const { followUps, result } = outcome;
    if (followUps === undefined && result === undefined) return { verb: 'ack', id, failedBefore };
    const kept = result === undefined ? undefined : { result };
    return followUps === undefined ? { verb: 'ack', id, failedBefore, ...kept } : { verb: 'commit', id, failedBefore, followUps, ...kept };
  }
  if (outcome.verb === 'cancelled') return { verb: 'cancel', id };
  const attempts = failure.attempts + (outcome.countsAsAttempt ? 1 : 0);
  const reason = outcome.verb === 'dead' ? outcome.reason : undefined;
  const record = encodeFailure({ attempts, losses: 0, error: describe(outcome.error), reason, span });
  return outcome.verb === 'dead' ? { verb: 'dead', id, record } : { verb: 'retry', id, delayMs: outcome.delayMs, record };
}

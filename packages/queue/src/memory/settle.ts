import { REFUSED_DELAY_MS, type FollowUp, type Settlement } from '../store.ts';
import { decodeFailure } from '../failure-record.ts';
import { depth, enqueue, forget, type FindQueue, type MemoryQueue } from './queue.ts';
import { endCancelled, keepResult, note } from './side.ts';

/** Ends one attempt, if the job is held still; a commit is refused where its follow-ups have no room. */
export function settle(
  queue: MemoryQueue,
  held: Set<string>,
  settlement: Settlement,
  now: number,
  find: FindQueue,
): 'settled' | 'lost' | 'refused' {
  const { id } = settlement;
  if (!held.delete(id)) return 'lost';
  if (isCancelled(queue, settlement)) {
    endCancelled(queue, id, now);
    return 'settled';
  }
  if (settlement.verb === 'commit' && !hasRoom(settlement.followUps, find)) {
    queue.delayed.add(id, now + REFUSED_DELAY_MS);
    return 'refused';
  }
  queue.side.progress.delete(id);
  if (settlement.verb === 'ack' || settlement.verb === 'commit') {
    queue.failures.delete(id);
    // A cancellation that comes after the end comes too late.
    queue.side.cancelled.delete(id);
    note(queue, ['completed', id]);
    if (settlement.result !== undefined) keepResult(queue, id, settlement.result, now);
    if (queue.options.completed.count > 0) queue.completed.add(id, now);
    else forget(queue, id);
    if (settlement.verb === 'commit') for (const followUp of settlement.followUps) enqueue(find(followUp.queue), [followUp.job]);
    queue.waiting.end(id);
    queue.waiting.forget(id);
  } else if (settlement.verb === 'release') {
    if (settlement.suspect) queue.suspects.unshift(id);
    else queue.waiting.putBack(id);
  } else if (settlement.verb === 'retry') {
    queue.failures.set(id, settlement.record);
    queue.delayed.add(id, now + settlement.delayMs);
    note(queue, ['retrying', id, settlement.delayMs]);
  } else if (settlement.verb === 'dead') {
    queue.failures.set(id, settlement.record);
    queue.dead.add(id, now);
    queue.waiting.end(id);
    const { reason } = decodeFailure(settlement.record);
    note(queue, reason === undefined ? ['dead', id] : ['dead', id, reason]);
  }
  return 'settled';
}

/** Of a job that is to be cancelled every end but a good one is that. */
function isCancelled({ side }: MemoryQueue, { id, verb }: Settlement): boolean {
  return verb === 'cancel' || (side.cancelled.has(id) && verb !== 'ack' && verb !== 'commit');
}

function hasRoom(followUps: readonly FollowUp[], find: FindQueue): boolean {
  const room = new Map<string, number>();
  return followUps.every(({ queue: { name, maxWaiting }, queue }) => {
    const left = (room.get(name) ?? maxWaiting - depth(find(queue))) - 1;
    room.set(name, left);
    return left >= 0;
  });
}

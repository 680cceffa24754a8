import { REFUSED_DELAY_MS, type FollowUp, type Settlement } from '../store.ts';
import { depth, enqueue, type FindQueue, type MemoryQueue } from './queue.ts';

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
  if (settlement.verb === 'commit' && !hasRoom(settlement.followUps, find)) {
    queue.delayed.add(id, now + REFUSED_DELAY_MS);
    return 'refused';
  }
  if (settlement.verb === 'ack' || settlement.verb === 'commit') {
    queue.failures.delete(id);
    if (queue.options.completed.count > 0) queue.completed.add(id, now);
    else queue.jobs.delete(id);
    if (settlement.verb === 'commit') for (const followUp of settlement.followUps) enqueue(find(followUp.queue), [followUp.job]);
    queue.waiting.end(id);
    queue.waiting.forget(id);
  } else if (settlement.verb === 'release') {
    if (settlement.suspect) queue.suspects.unshift(id);
    else queue.waiting.putBack(id);
  } else {
    queue.failures.set(id, settlement.record);
    if (settlement.verb === 'retry') queue.delayed.add(id, now + settlement.delayMs);
    else {
      queue.dead.add(id, now);
      queue.waiting.end(id);
    }
  }
  return 'settled';
}

function hasRoom(followUps: readonly FollowUp[], find: FindQueue): boolean {
  const room = new Map<string, number>();
  return followUps.every(({ queue: { name, maxWaiting }, queue }) => {
    const left = (room.get(name) ?? maxWaiting - depth(find(queue))) - 1;
    room.set(name, left);
    return left >= 0;
  });
}

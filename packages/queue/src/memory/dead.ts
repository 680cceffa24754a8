import { restamp, sameBody, STAMP_BYTES } from '../envelope.ts';
import type { DeadCursor, DeadLetters, DeadPage, EnqueueVerdict, NewDeadLetter } from '../store.ts';
import { forget, wake, type MemoryQueue } from './queue.ts';

export function pageDead({ dead, failures, now }: MemoryQueue, after: DeadCursor | undefined, limit: number): DeadPage {
  const rest = dead
    .entries()
    .filter(([id, atMs]) => after === undefined || atMs > after.atMs || (atMs === after.atMs && id > after.id))
    .map(([id, atMs]) => ({ id, atMs, record: failures.get(id) }));
  const letters = rest.slice(0, limit);
  const last = letters.length < limit ? undefined : letters.at(-1);
  return { nowMs: now(), letters, next: last && { atMs: last.atMs, id: last.id } };
}

export function redrive(queue: MemoryQueue, which: DeadLetters, untilMs?: number): string[] {
  const ids = take(queue, which, untilMs);
  for (const id of ids) {
    const stored = queue.jobs.get(id);
    if (stored !== undefined) queue.jobs.set(id, restamp(stored, queue.now()));
    queue.failures.delete(id);
    queue.waiting.add(id);
  }
  if (ids.length > 0) wake(queue);
  return ids;
}

export function purge(queue: MemoryQueue, which: DeadLetters, untilMs?: number): string[] {
  const ids = take(queue, which, untilMs);
  for (const id of ids) {
    forget(queue, id);
    queue.waiting.forget(id);
  }
  return ids;
}

export function addDead(queue: MemoryQueue, letters: readonly NewDeadLetter[]): EnqueueVerdict[] {
  return letters.map(({ id, stored, record, place }) => {
    const existing = queue.jobs.get(id);
    if (existing !== undefined) return sameBody(existing, stored.subarray(STAMP_BYTES)) ? 'existing' : 'different';
    if (queue.dead.size >= queue.options.dead.count) return 'full';
    queue.jobs.set(id, stored);
    queue.failures.set(id, record);
    queue.waiting.assign(id, place);
    queue.dead.add(id, queue.now());
    return 'created';
  });
}

function take({ dead }: MemoryQueue, { ids = [], limit = 0 }: DeadLetters, untilMs = Number.POSITIVE_INFINITY): string[] {
  if (limit > 0) return dead.takeDue(untilMs, limit);
  const known = [...new Set(ids)].filter((id) => (dead.at(id) ?? Number.POSITIVE_INFINITY) <= untilMs && dead.has(id));
  for (const id of known) dead.delete(id);
  return known;
}

import type { CancelOutcome, JobNews, StoredOutcome } from '../store.ts';
import { forget, tellConsumers, type MemoryQueue } from './queue.ts';

export function note({ side, options }: MemoryQueue, news: JobNews): void {
  if (options.events || options.results.count > 0) side.news.push(news);
}

export function announce({ side }: MemoryQueue): void {
  if (side.news.length === 0) return;
  const news = side.news;
  side.news = [];
  for (const listener of side.listeners) listener(news);
}

export function keepResult({ side, options }: MemoryQueue, id: string, result: Buffer | undefined, now: number): void {
  const { count, ageMs } = options.results;
  if (count === 0) return;
  side.results.set(id, result);
  side.resultTimes.add(id, now);
  for (const old of side.resultTimes.takeFirst(side.resultTimes.size - count)) side.results.delete(old);
  for (const old of side.resultTimes.takeDue(now - ageMs, 1000)) side.results.delete(old);
}

/** A job is removed because somebody cancelled it; where results are kept, so is this. */
export function endCancelled(queue: MemoryQueue, id: string, now: number): void {
  queue.waiting.end(id);
  queue.waiting.forget(id);
  forget(queue, id);
  queue.side.progress.delete(id);
  queue.side.cancelled.delete(id);
  note(queue, ['cancelled', id]);
  keepResult(queue, id, undefined, now);
}

export function cancel(queue: MemoryQueue, ids: readonly string[]): CancelOutcome[] {
  const answers = ids.map((id): CancelOutcome => {
    if (!queue.jobs.has(id)) return 'unknown';
    if (queue.dead.has(id) || queue.completed.has(id)) return 'ended';
    if ([...queue.held.values()].some((held) => held.has(id))) {
      queue.side.cancelled.add(id);
      return 'cancelling';
    }
    takeOut(queue, id);
    endCancelled(queue, id, queue.now());
    return 'cancelled';
  });
  announce(queue);
  if (answers.includes('cancelling')) tellConsumers(queue, 'cancel');
  // A group may go on.
  if (answers.includes('cancelled')) tellConsumers(queue, 'wake');
  return answers;
}

function takeOut(queue: MemoryQueue, id: string): void {
  queue.delayed.delete(id);
  queue.waiting.remove(id);
  queue.suspects = queue.suspects.filter((other) => other !== id);
}

export function outcomeOf(queue: MemoryQueue, id: string): StoredOutcome {
  if (queue.dead.has(id)) return { state: 'dead', record: queue.failures.get(id) };
  if (queue.jobs.has(id) && !queue.completed.has(id)) return { state: 'pending' };
  if (!queue.side.results.has(id)) return { state: 'unknown' };
  const result = queue.side.results.get(id);
  return result === undefined ? { state: 'cancelled' } : { state: 'completed', result };
}

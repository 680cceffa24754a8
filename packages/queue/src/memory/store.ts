import { isLimited } from '../options.ts';
import { encodeFailure, decodeFailure, noFailure } from '../failure-record.ts';
import {
  refuseApart,
  type ClaimedJob,
  type ExchangeReply,
  type ExchangeRequest,
  type JobState,
  type Store,
  type StoredJob,
} from '../store.ts';
import { addDead, pageDead, purge, redrive } from './dead.ts';
import { sweep } from './dedup.ts';
import type { DueSet } from './due-set.ts';
import { allowance } from './limits.ts';
import { activeCount, enqueue, forget, notify, wake, type FindQueue, type MemoryQueue } from './queue.ts';
import { memorySchedules } from './schedules.ts';
import { settle } from './settle.ts';
import { announce, cancel, endCancelled, note, outcomeOf } from './side.ts';

/** The verbs of a queue in memory, with the same answers as the scripts on Redis. */
export function createMemoryStore(queue: MemoryQueue, find: FindQueue, check: () => void): Store {
  const unsubscribes: (() => void)[] = [];
  return {
    schedules: memorySchedules(queue),
    async open() {
      check();
      return [];
    },
    async enqueue(jobs) {
      check();
      return enqueue(queue, jobs);
    },
    colocate: async (target) => refuseApart(queue.options, target),
    exchange(request) {
      const reply = exchange(queue, request, find);
      notify(queue);
      return Promise.resolve(reply);
    },
    reconcile: (token, ids) => Promise.resolve(reconcile(queue, token, ids)),
    isEmpty: () => Promise.resolve(queue.jobs.size === 0),
    counts: () => Promise.resolve(counts(queue)),
    get: (id) => Promise.resolve(get(queue, id)),
    list: (state, skip, limit) => Promise.resolve(list(queue, state, skip, limit)),
    pageDead: (after, limit) => Promise.resolve(pageDead(queue, after, limit)),
    redrive: (which, untilMs) => Promise.resolve(redrive(queue, which, untilMs)),
    purge: (which, untilMs) => Promise.resolve(purge(queue, which, untilMs)),
    addDead: (letters) => Promise.resolve(addDead(queue, letters)),
    cancel(ids) {
      const answers = cancel(queue, ids);
      notify(queue);
      return Promise.resolve(answers);
    },
    outcomes: (ids) => Promise.resolve(ids.map((id) => outcomeOf(queue, id))),
    setPaused(paused) {
      queue.paused = paused;
      if (!paused) wake(queue);
      notify(queue);
      return Promise.resolve();
    },
    subscribe(listener) {
      queue.listeners.add(listener);
      const unsubscribe = () => {
        queue.listeners.delete(listener);
        notify(queue);
      };
      unsubscribes.push(unsubscribe);
      return Promise.resolve(unsubscribe);
    },
    listen(listener) {
      queue.side.listeners.add(listener);
      const unsubscribe = () => void queue.side.listeners.delete(listener);
      unsubscribes.push(unsubscribe);
      return Promise.resolve(unsubscribe);
    },
    close() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      return Promise.resolve();
    },
  };
}

function exchange(queue: MemoryQueue, request: ExchangeRequest, find: FindQueue): ExchangeReply {
  const now = queue.now();
  const none = { nowMs: now, lostIds: [], jobs: [], nextDueMs: undefined, recovered: 0, poisoned: 0 };
  if (request.known && !queue.holders.has(request.token)) return { ...none, holder: 'expired' };
  // One that comes late, but before anybody recovered it, is alive.
  if (queue.holders.has(request.token)) queue.holders.add(request.token, now + queue.options.leaseMs);
  const held = queue.held.get(request.token) ?? new Set<string>();
  queue.held.set(request.token, held);
  for (const [id, value] of request.progress ?? []) {
    if (!held.has(id)) continue;
    queue.side.progress.set(id, value);
    note(queue, ['progress', id, value]);
  }
  const slotsOnly = isLimited(queue.options) || queue.waiting.ordered;
  const lostIds: string[] = [];
  const refusedIds: string[] = [];
  // Commits come first, as on Redis: what follows from them finds what was still active then.
  for (const settlement of request.settlements.toSorted((a, b) => Number(b.verb === 'commit') - Number(a.verb === 'commit'))) {
    const end = settle(queue, held, settlement, now, find);
    if (end === 'lost') lostIds.push(settlement.id);
    if (end === 'refused') refusedIds.push(settlement.id);
  }
  sweep(queue.keys, now);
  const { recovered, poisoned } = recover(queue, now);
  trim(queue, queue.dead, queue.options.dead, now);
  trim(queue, queue.completed, queue.options.completed, now);
  for (const id of queue.delayed.takeDue(now, 1000)) queue.waiting.addDue(id);
  const limits = allowance(queue.options, queue.rate, now, activeCount(queue));
  const asked = slotsOnly ? Math.min(request.want, request.slots ?? request.want) : request.want;
  const jobs = claim(queue, held, { want: Math.min(asked, limits.left), wantSuspect: request.wantSuspect }, now);
  const refillMs = limits.spend(jobs.length);
  if (held.size > 0) queue.holders.add(request.token, now + queue.options.leaseMs);
  else {
    queue.holders.delete(request.token);
    queue.held.delete(request.token);
  }
  announce(queue);
  const waits = !queue.paused && (queue.waiting.claimable > 0 || (request.wantSuspect && queue.suspects.length > 0));
  const news = recovered > 0 || request.settlements.some(({ verb }) => verb !== 'ack');
  if ((!queue.paused && news) || (waits && limits.left > jobs.length)) wake(queue);
  return {
    nowMs: now,
    holder: held.size > 0 ? 'holding' : 'idle',
    lostIds,
    jobs,
    nextDueMs: nextDueMs(queue, request.token, now, waits ? refillMs : undefined),
    recovered,
    poisoned,
    refusedIds,
    slotsOnly,
    cancelledIds: [...held].filter((id) => queue.side.cancelled.has(id)),
  };
}

function recover(queue: MemoryQueue, now: number): { recovered: number; poisoned: number } {
  let recovered = 0;
  let poisoned = 0;
  for (const token of queue.holders.takeDue(now, 10)) {
    for (const id of queue.held.get(token) ?? []) {
      recovered += 1;
      if (queue.side.cancelled.has(id)) {
        endCancelled(queue, id, now);
        continue;
      }
      const failure = decodeFailure(queue.failures.get(id) ?? '');
      const losses = failure.losses + 1;
      queue.failures.set(id, encodeFailure({ ...failure, losses }));
      if (losses - 1 >= queue.options.maxLeaseLosses) {
        queue.dead.add(id, now);
        queue.waiting.end(id);
        poisoned += 1;
        note(queue, ['dead', id, 'poison']);
      } else {
        queue.suspects.push(id);
        note(queue, ['lost', id]);
      }
    }
    queue.held.delete(token);
  }
  return { recovered, poisoned };
}

function trim(queue: MemoryQueue, ended: DueSet, { count, ageMs }: { readonly count: number; readonly ageMs: number }, now: number): void {
  const old = [...ended.takeDue(now - ageMs, 1000), ...ended.takeFirst(ended.size - count)];
  for (const id of old) {
    forget(queue, id);
    queue.waiting.forget(id);
  }
}

type Ask = Pick<ExchangeRequest, 'want' | 'wantSuspect'>;

function claim(queue: MemoryQueue, held: Set<string>, { want, wantSuspect }: Ask, now: number): ClaimedJob[] {
  if (queue.paused) return [];
  const suspects = wantSuspect && want > 0 ? queue.suspects.splice(0, 1) : [];
  const ids = [...suspects, ...queue.waiting.take(want - suspects.length)];
  return ids.map((id, at) => {
    held.add(id);
    return { id, stored: queue.jobs.get(id), record: queue.failures.get(id), suspect: at < suspects.length, claimedAtMs: now };
  });
}

function nextDueMs(queue: MemoryQueue, token: string, now: number, refillMs: number | undefined): number | undefined {
  const dues = [queue.delayed.first(), queue.holders.first(token), refillMs === undefined ? undefined : now + refillMs].filter(
    (due) => due !== undefined,
  );
  return dues.length === 0 ? undefined : Math.max(0, Math.min(...dues) - now);
}

function reconcile(queue: MemoryQueue, token: string, runningIds: readonly string[]): Awaited<ReturnType<Store['reconcile']>> {
  const held = queue.held.get(token);
  if (held === undefined || !queue.holders.has(token)) return { expired: true, lostIds: [] };
  const running = new Set(runningIds);
  for (const id of held) {
    if (running.delete(id)) continue;
    held.delete(id);
    const { losses } = decodeFailure(queue.failures.get(id) ?? '') ?? noFailure;
    if (losses > 0) queue.suspects.unshift(id);
    else queue.waiting.putBack(id);
    wake(queue);
  }
  if (held.size > 0) queue.holders.add(token, queue.now() + queue.options.leaseMs);
  else {
    queue.holders.delete(token);
    queue.held.delete(token);
  }
  return { expired: false, lostIds: [...running] };
}

function counts(queue: MemoryQueue): Awaited<ReturnType<Store['counts']>> {
  const heads = [...queue.suspects.slice(0, 1), ...queue.waiting.heads()].flatMap((id) => queue.jobs.get(id) ?? []);
  const oldest = Math.min(...heads.map((stored) => stored.readUIntBE(0, 6)));
  return {
    waiting: queue.waiting.size + queue.suspects.length,
    delayed: queue.delayed.size,
    due: queue.delayed.dueAt(queue.now()),
    active: activeCount(queue),
    completed: queue.completed.size,
    dead: queue.dead.size,
    oldestAgeMs: heads.length === 0 ? 0 : Math.max(0, queue.now() - oldest),
    paused: queue.paused,
  };
}

function get(queue: MemoryQueue, id: string): Awaited<ReturnType<Store['get']>> {
  const stored = queue.jobs.get(id);
  if (stored === undefined) return undefined;
  const record = queue.failures.get(id);
  const place = queue.waiting.placeOf(id);
  const progress = queue.side.progress.get(id);
  for (const state of ['delayed', 'dead', 'completed'] as const) {
    const atMs = queue[state].at(id);
    if (atMs === undefined) continue;
    const result = state === 'completed' ? queue.side.results.get(id) : undefined;
    return { id, state, stored, record, atMs, place, progress, result };
  }
  const active = [...queue.held.values()].some((held) => held.has(id));
  return { id, state: active ? 'active' : 'waiting', stored, record, atMs: undefined, place, progress };
}

function list(queue: MemoryQueue, state: JobState, skip: number, limit: number): StoredJob[] {
  return idsOf(queue, state)
    .slice(skip, skip + limit)
    .flatMap((id) => get(queue, id) ?? []);
}

function idsOf(queue: MemoryQueue, state: JobState): string[] {
  if (state === 'waiting') return [...queue.suspects, ...queue.waiting.ids()];
  if (state === 'active') return [...queue.held.values()].flatMap((held) => [...held]).toSorted();
  return queue[state].names();
}

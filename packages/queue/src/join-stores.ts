import { partitionOf } from './partition.ts';
import type { CancelOutcome, DeadLetters, JobCounts, JobState, Store, StoredJob } from './store.ts';

/** What is asked of a queue as a whole. */
export type QueueView = Pick<
  Store,
  'cancel' | 'close' | 'counts' | 'get' | 'isEmpty' | 'list' | 'open' | 'purge' | 'redrive' | 'setPaused'
>;

/** The partitions of a queue as one; where there is only one, that one. */
export function joinStores(stores: readonly Store[]): QueueView {
  const [first] = stores;
  if (first === undefined || stores.length === 1) return first as Store;
  const of = (id: string) => stores[partitionOf(id, stores.length)] ?? first;
  return {
    // All say the same of their server; one warning is enough.
    open: async () => (await Promise.all(stores.map((store) => store.open())))[0] ?? [],
    counts: async () => sum(await Promise.all(stores.map((store) => store.counts()))),
    isEmpty: async () => (await Promise.all(stores.map((store) => store.isEmpty()))).every(Boolean),
    get: (id) => of(id).get(id),
    async cancel(ids) {
      const answers = new Map<string, CancelOutcome>();
      for (const [partition, store] of stores.entries()) {
        const own = ids.filter((id) => partitionOf(id, stores.length) === partition);
        for (const [at, answer] of (await store.cancel(own)).entries()) answers.set(own[at] ?? '', answer);
      }
      return ids.map((id) => answers.get(id) ?? 'unknown');
    },
    list: (state, skip, limit) => page(stores, state, skip, limit),
    redrive: (which) => takeDead(stores, which, (store, part) => store.redrive(part)),
    purge: (which) => takeDead(stores, which, (store, part) => store.purge(part)),
    async setPaused(paused) {
      for (const store of stores) await store.setPaused(paused);
    },
    async close() {
      for (const store of stores) await store.close();
    },
  };
}

function sum(all: readonly JobCounts[]): JobCounts {
  const total = (key: 'active' | 'completed' | 'dead' | 'delayed' | 'due' | 'waiting') =>
    all.reduce((count, counts) => count + counts[key], 0);
  return {
    waiting: total('waiting'),
    delayed: total('delayed'),
    due: total('due'),
    active: total('active'),
    completed: total('completed'),
    dead: total('dead'),
    oldestAgeMs: Math.max(...all.map(({ oldestAgeMs }) => oldestAgeMs)),
    paused: all.some(({ paused }) => paused),
  };
}

/** Partition by partition, oldest first in each. */
async function page(stores: readonly Store[], state: JobState, skip: number, limit: number): Promise<readonly StoredJob[]> {
  const found: StoredJob[] = [];
  let toSkip = skip;
  for (const store of stores) {
    if (found.length === limit) break;
    const count = (await store.counts())[state];
    if (count > toSkip) found.push(...(await store.list(state, toSkip, limit - found.length)));
    toSkip = Math.max(0, toSkip - count);
  }
  return found;
}

async function takeDead(
  stores: readonly Store[],
  { ids, limit = 0 }: DeadLetters,
  take: (store: Store, which: DeadLetters) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const [partition, store] of stores.entries()) {
    if (ids === undefined) {
      if (taken.length < limit) taken.push(...(await take(store, { limit: limit - taken.length })));
      continue;
    }
    const own = ids.filter((id) => partitionOf(id, stores.length) === partition);
    if (own.length > 0) taken.push(...(await take(store, { ids: own })));
  }
  return taken;
}

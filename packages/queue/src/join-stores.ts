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
    get: (id) => find(stores, of(id), id),
    cancel: (ids) => cancelAnywhere(stores, ids),
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

/** A job of a group whose id is the caller's own lies in the partition of the group, which the id does not tell. */
async function find(stores: readonly Store[], own: Store, id: string): Promise<StoredJob | undefined> {
  const found = await own.get(id);
  if (found !== undefined) return found;
  const others = await Promise.all(stores.filter((store) => store !== own).map((store) => store.get(id)));
  return others.find((job) => job !== undefined);
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

/** Those of groups may lie elsewhere, as in `find`. */
async function cancelAnywhere(stores: readonly Store[], ids: readonly string[]): Promise<CancelOutcome[]> {
  const answers = new Map<string, CancelOutcome>();
  const ask = async (store: Store, some: readonly string[]) => {
    for (const [at, answer] of (await store.cancel(some)).entries()) answers.set(some[at] ?? '', answer);
  };
  const isOf = (id: string, partition: number) => partitionOf(id, stores.length) === partition;
  const isUnknown = (id: string) => (answers.get(id) ?? 'unknown') === 'unknown';
  for (const [partition, store] of stores.entries())
    await ask(
      store,
      ids.filter((id) => isOf(id, partition)),
    );
  for (const [partition, store] of stores.entries())
    await ask(
      store,
      ids.filter((id) => !isOf(id, partition) && isUnknown(id)),
    );
  return ids.map((id) => answers.get(id) ?? 'unknown');
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
  if (ids === undefined) return taken;
  // Those of groups may lie elsewhere, as in `find`.
  for (const [partition, store] of stores.entries()) {
    const missing = ids.filter((id) => !taken.includes(id) && partitionOf(id, stores.length) !== partition);
    if (missing.length > 0) taken.push(...(await take(store, { ids: missing })));
  }
  return taken;
}

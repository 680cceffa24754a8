import type { Process } from './process.ts';

/** What the subscriber took, by the id of the event. */
export interface Deliveries {
  /** When it was taken, each time, in milliseconds since 1970 by the subscriber's own clock. */
  timesOf(id: string): readonly number[];
  readonly ids: ReadonlySet<string>;
  /** Resolves once each of them was taken; to those that were not, after so long. */
  missing(ids: readonly string[], withinMs: number): Promise<string[]>;
}

/** Reads the lines of the demo's receiver. */
export function followDeliveries(receiver: Process): Deliveries {
  const times = new Map<string, number[]>();
  const listeners = new Set<(id: string) => void>();
  receiver.onLine(({ fields }) => {
    if (fields['msg'] !== 'received' || fields['answer'] !== 204) return;
    const id = String(fields['jobId']);
    times.set(id, [...(times.get(id) ?? []), Date.parse(String(fields['time']))]);
    for (const listener of listeners) listener(id);
  });
  return {
    timesOf: (id) => times.get(id) ?? [],
    get ids() {
      return new Set(times.keys());
    },
    missing(ids, withinMs) {
      const left = new Set(ids.filter((id) => !times.has(id)));
      const { promise, resolve } = Promise.withResolvers<string[]>();
      const listener = (id: string) => {
        if (left.delete(id) && left.size === 0) resolve([]);
      };
      listeners.add(listener);
      const limit = setTimeout(() => resolve([...left]), withinMs);
      if (left.size === 0) resolve([]);
      return promise.finally(() => {
        clearTimeout(limit);
        listeners.delete(listener);
      });
    },
  };
}

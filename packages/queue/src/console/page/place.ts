import type { State } from '../protocol.ts';

export const STATES: readonly State[] = ['waiting', 'delayed', 'active', 'completed', 'dead'];

/** What `atMs` of a job means in each state that has it. */
export const AT: Readonly<Partial<Record<State, string>>> = { delayed: 'Due', completed: 'Completed', dead: 'Dead since' };

/** What the page shows below the figures; it is in the address behind `#`, so that it can be kept and sent. */
export type Place =
  | { readonly kind: 'overview' }
  | { readonly kind: 'jobs'; readonly queue: string; readonly state: State; readonly skip: number }
  | { readonly kind: 'job'; readonly queue: string; readonly id: string };

export function placeOf(hash: string): Place {
  const values = new URLSearchParams(hash.replace(/^#/, ''));
  const [queue, id, state] = [values.get('queue'), values.get('job'), values.get('state')];
  if (queue === null) return { kind: 'overview' };
  if (id !== null) return { kind: 'job', queue, id };
  const known = STATES.find((one) => one === state) ?? 'waiting';
  return { kind: 'jobs', queue, state: known, skip: Math.max(0, Math.trunc(Number(values.get('skip')) || 0)) };
}

export function hrefOfJobs(queue: string, state: State, skip = 0): string {
  const values = { queue, state, ...(skip > 0 ? { skip: String(skip) } : {}) };
  return `#${new URLSearchParams(values).toString()}`;
}

export function hrefOfJob(queue: string, id: string): string {
  return `#${new URLSearchParams({ queue, job: id }).toString()}`;
}

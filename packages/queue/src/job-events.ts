import type { DeadReason } from './outcome.ts';
import type { JobNews } from './store.ts';

/** What happens to jobs, as other processes are told; never a payload, a result or the text of an error. */
export interface JobEvents {
  readonly completed: { readonly id: string };
  /** An attempt failed; the next one comes after `delayMs`. */
  readonly retrying: { readonly id: string; readonly delayMs: number };
  readonly dead: { readonly id: string; readonly reason: DeadReason };
  readonly cancelled: { readonly id: string };
  /** Its holder's lease ended, and it waits again. */
  readonly lost: { readonly id: string };
  readonly progress: { readonly id: string; readonly progress: unknown };
}

/** Calls `emit` for each job of a message. */
export function readNews(news: readonly JobNews[], emit: <Name extends keyof JobEvents>(name: Name, event: JobEvents[Name]) => void): void {
  for (const [kind, ...rest] of news) {
    const [id = '', detail] = rest as readonly [string?, (string | number)?];
    if (kind === 'completed') for (const one of rest) emit('completed', { id: String(one) });
    else if (kind === 'retrying') emit('retrying', { id, delayMs: Number(detail) });
    else if (kind === 'dead') emit('dead', { id, reason: (detail ?? 'rejected') as DeadReason });
    else if (kind === 'cancelled' || kind === 'lost') emit(kind, { id });
    else if (kind === 'progress') emit('progress', { id, progress: JSON.parse(String(detail)) });
  }
}

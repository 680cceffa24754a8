import type { ClaimedJob, Settlement } from './store.ts';

/** Jobs that are claimed and not started yet, next one first. They are held, so they are redelivered if the process dies. */
export class ClaimedJobs {
  #entries: { readonly job: ClaimedJob; readonly since: number }[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get hasSuspect(): boolean {
    return this.#entries.some(({ job }) => job.suspect);
  }

  ids(): string[] {
    return this.#entries.map(({ job }) => job.id);
  }

  /** A suspect goes first: it has waited longest, and holds up the other suspects. */
  add(job: ClaimedJob, since: number): void {
    if (job.suspect) this.#entries.unshift({ job, since });
    else this.#entries.push({ job, since });
  }

  next(): { readonly job: ClaimedJob; readonly since: number } | undefined {
    return this.#entries.shift();
  }

  clear(): void {
    this.#entries = [];
  }

  forget(ids: ReadonlySet<string>): void {
    this.#entries = this.#entries.filter(({ job }) => !ids.has(job.id));
  }

  /** Takes out what was claimed before a moment, as settlements that hand it back to the front of the queue. */
  handBack(before: number): Settlement[] {
    const back = this.#entries.filter(({ since }) => since < before);
    this.#entries = this.#entries.filter(({ since }) => since >= before);
    return back.map(({ job }) => ({ verb: 'release', id: job.id, suspect: job.suspect }));
  }
}

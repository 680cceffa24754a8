import type { ClaimedJob, Settlement } from './store.ts';

/** Jobs that are claimed and not started yet, next one first. They are held, so they are redelivered if the process dies. */
export class ClaimedJobs {
  #entries: (Entry | undefined)[] = [];
  /** Entries before this one are taken already. */
  #head = 0;
  #suspects = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  get hasSuspect(): boolean {
    return this.#suspects > 0;
  }

  ids(): string[] {
    return this.#rest().map(({ job }) => job.id);
  }

  /** A suspect goes first: it has waited longest, and holds up the other suspects. */
  add(jobs: readonly ClaimedJob[], since: number): void {
    for (const job of jobs) {
      if (!job.suspect) this.#entries.push({ job, since });
      else this.#replace([{ job, since }, ...this.#rest()]);
    }
  }

  next(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (entry.job.suspect) this.#suspects -= 1;
    if (this.#head === this.#entries.length) this.clear();
    else if (this.#head >= 1024) this.#replace(this.#rest());
    return entry;
  }

  clear(): void {
    this.#replace([]);
  }

  forget(ids: ReadonlySet<string>): void {
    this.#replace(this.#rest().filter(({ job }) => !ids.has(job.id)));
  }

  /** Takes out what was claimed before a moment, as settlements that hand it back to the front of the queue. */
  handBack(before: number): Settlement[] {
    const rest = this.#rest();
    const back = rest.filter(({ since }) => since < before);
    if (back.length > 0) this.#replace(rest.filter(({ since }) => since >= before));
    return back.map(({ job }) => ({ verb: 'release', id: job.id, suspect: job.suspect }));
  }

  #rest(): Entry[] {
    return this.#entries.slice(this.#head) as Entry[];
  }

  #replace(entries: Entry[]): void {
    this.#entries = entries;
    this.#head = 0;
    this.#suspects = entries.reduce((count, { job }) => count + (job.suspect ? 1 : 0), 0);
  }
}

interface Entry {
  readonly job: ClaimedJob;
  readonly since: number;
}

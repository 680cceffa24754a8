/*
 * Many timeouts on one timer. A timeout is usually called off long before it is due, so that must cost next to nothing:
 *
 *   schedule ─▶ to the end of a list ─▶ called off: the last one takes its place, no system call
 *                        ▲
 *   one timer of 10 ms ──┘ looks through the list only when the earliest may be due; never early and up to one tick late;
 *                          stops when nothing waits
 */

/** Milliseconds between two looks; a timeout is up to this much late. */
export const TICK_MS = 10;

/** The one timer under all of them: runs the function again and again until what it returned is called. */
export type Ticker = (tick: () => void) => () => void;

interface Entry {
  readonly run: () => void;
  readonly dueAt: number;
  /** Where in the list it is; below 0 when it is not. */
  place: number;
}

/** Timeouts of 10 ms resolution. */
export class CoarseTimers {
  readonly #ticker: Ticker;
  readonly #now: () => number;
  readonly #waiting: Entry[] = [];
  /** Nothing is due before. */
  #earliest = 0;
  /** Stops the ticker; undefined while it stands. */
  #stop: (() => void) | undefined;

  constructor(ticker: Ticker, now: () => number) {
    this.#ticker = ticker;
    this.#now = now;
  }

  /** Runs the function once, `ms` after `now` or up to one tick later. Returns a function that calls it off. */
  schedule(run: () => void, ms: number, now: number = this.#now()): () => void {
    const entry = { run, dueAt: now + ms, place: this.#waiting.length };
    this.#waiting.push(entry);
    this.#earliest = Math.min(this.#earliest, entry.dueAt);
    this.#stop ??= this.#ticker(() => this.#tick());
    return () => void this.#take(entry);
  }

  /** True when it was still there. */
  #take(entry: Entry): boolean {
    const { place } = entry;
    if (place < 0) return false;
    const last = this.#waiting.pop()!;
    if (last !== entry) this.#waiting[place] = last;
    last.place = place;
    entry.place = -1;
    return true;
  }

  #tick(): void {
    const now = this.#now();
    if (now >= this.#earliest) this.#run(now);
    // The timer stops only here, so that calls one after the other share it.
    if (this.#waiting.length > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Runs what is due, the earliest first. One that throws takes none of the others with it. */
  #run(now: number): void {
    const due = this.#waiting.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    let failed: { readonly error: unknown } | undefined;
    for (const entry of due) {
      try {
        if (this.#take(entry)) entry.run();
      } catch (error) {
        failed ??= { error };
      }
    }
    this.#earliest = this.#waiting.reduce((earliest, { dueAt }) => Math.min(earliest, dueAt), Number.POSITIVE_INFINITY);
    if (failed !== undefined) throw failed.error;
  }
}

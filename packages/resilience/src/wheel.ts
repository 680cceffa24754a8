/*
 * Many timeouts on one timer. A timeout is usually called off long before it is due, so that must cost next to nothing:
 *
 *   schedule ─▶ slot of its tick (a ring of 256 lists) ─▶ called off: taken out of the list, no system call
 *                        ▲
 *   one timer of 10 ms ──┘ runs what is due, never early and up to one tick late; stops when nothing waits
 */

/** Milliseconds between two turns; a timeout on the wheel is up to this much late. */
export const TICK_MS = 10;

const SLOTS = 256;

/** The one timer under the wheel. */
export interface Ticker {
  start(tick: () => void): void;
  stop(): void;
}

/** One timeout; in a ring of its slot. */
class Entry {
  previous: Entry = this;
  next: Entry = this;
  declare readonly run: () => void;
  declare readonly tick: number;

  constructor(run: () => void, tick: number) {
    this.run = run;
    this.tick = tick;
  }
}

function nothing(): void {}

/** Timeouts of 10 ms resolution. */
export class Wheel {
  readonly #ticker: Ticker;
  readonly #now: () => number;
  readonly #slots: Entry[] = [];
  #waiting = 0;
  #turned = 0;
  #running = false;
  readonly #turn = (): void => this.#advance();

  constructor(ticker: Ticker, now: () => number) {
    this.#ticker = ticker;
    this.#now = now;
    for (let i = 0; i < SLOTS; i++) this.#slots.push(new Entry(nothing, 0));
  }

  /** Runs the function once, `ms` after `now` or up to one tick later. Returns a function that calls it off. */
  schedule(run: () => void, ms: number, now: number = this.#now()): () => void {
    const entry = new Entry(run, Math.ceil((now + ms) / TICK_MS));
    const head = this.#slots[entry.tick % SLOTS]!;
    entry.previous = head.previous;
    entry.next = head;
    head.previous.next = entry;
    head.previous = entry;
    this.#waiting += 1;
    if (!this.#running) this.#start(now);
    return () => this.#take(entry);
  }

  #start(now: number): void {
    this.#running = true;
    this.#turned = Math.floor(now / TICK_MS);
    this.#ticker.start(this.#turn);
  }

  /** True when it was still there. */
  #take(entry: Entry): boolean {
    if (entry.next === entry) return false;
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    entry.next = entry;
    entry.previous = entry;
    this.#waiting -= 1;
    return true;
  }

  #advance(): void {
    const due = Math.floor(this.#now() / TICK_MS);
    // After a long pause one turn of the whole ring finds everything that is due.
    const from = Math.max(this.#turned, due - SLOTS) + 1;
    this.#turned = Math.max(this.#turned, due);
    const ready: Entry[] = [];
    for (let tick = from; tick <= due; tick++) {
      const head = this.#slots[tick % SLOTS]!;
      for (let entry = head.next; entry !== head; entry = entry.next) if (entry.tick <= due) ready.push(entry);
    }
    let failed: { readonly error: unknown } | undefined;
    for (const entry of ready.sort((a, b) => a.tick - b.tick)) {
      try {
        if (this.#take(entry)) entry.run();
      } catch (error) {
        // One that throws takes none of the others with it.
        failed ??= { error };
      }
    }
    this.#rest();
    if (failed !== undefined) throw failed.error;
  }

  /** The timer stops only here, so that calls one after the other share it. */
  #rest(): void {
    if (this.#waiting > 0) return;
    this.#running = false;
    this.#ticker.stop();
  }
}

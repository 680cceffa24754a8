/** One timer of a fake clock. */
export interface FakeTimer {
  readonly at: number;
  /** Timers of one instant run in the order in which they were set. */
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

function before(a: FakeTimer, b: FakeTimer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Timers by time: a binary heap. One called off is dropped when it reaches the top, or when such timers are the greater part. */
export class TimerHeap {
  #heap: FakeTimer[] = [];
  #cancelled = 0;

  /** Timers that wait. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(timer: FakeTimer): void {
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
  }

  cancel(timer: FakeTimer): void {
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.#cancelled += 1;
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter((one) => !one.cancelled);
    this.#cancelled = 0;
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  /** The next timer, which stays where it is. */
  peek(): FakeTimer | undefined {
    while (this.#heap[0]?.cancelled === true) {
      this.#take();
      this.#cancelled -= 1;
    }
    return this.#heap[0];
  }

  /** The next timer, taken off; called off later it changes nothing. */
  pop(): FakeTimer | undefined {
    const next = this.peek();
    if (next === undefined) return undefined;
    this.#take();
    next.cancelled = true;
    return next;
  }

  #take(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(from: number): void {
    const heap = this.#heap;
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (!this.#swapIfBefore(heap, i, parent)) return;
      i = parent;
    }
  }

  #down(from: number): void {
    const heap = this.#heap;
    for (let i = from; ;) {
      const left = 2 * i + 1;
      const right = left + 1;
      const a = heap[left];
      const b = heap[right];
      if (a === undefined) return;
      const child = b !== undefined && before(b, a) ? right : left;
      if (!this.#swapIfBefore(heap, child, i)) return;
      i = child;
    }
  }

  #swapIfBefore(heap: FakeTimer[], lower: number, upper: number): boolean {
    const a = heap[lower];
    const b = heap[upper];
    if (a === undefined || b === undefined || !before(a, b)) return false;
    heap[lower] = b;
    heap[upper] = a;
    return true;
  }
}

/**
 * Sums over the last `spanMs`, in `slices` that are forgotten one at a time: what was added counts for at least `spanMs`
 * less one slice. A clock that jumps ahead empties it; one that jumps back adds to the newest slice.
 */
export class Rolling {
  readonly #sliceMs: number;
  readonly #slices: number;
  readonly #columns: number;
  /** The slices, and after them the sums. A plain array: a small typed one would cost more than the rest of a breaker. */
  readonly #amounts: number[];
  readonly #sums: number;
  #newest = 0;

  constructor(spanMs: number, slices: number, columns: number) {
    this.#sliceMs = spanMs / slices;
    this.#slices = slices;
    this.#columns = columns;
    this.#sums = slices * columns;
    this.#amounts = Array.from({ length: this.#sums + columns }, () => 0);
  }

  /** Forgets what is too old at `now`. */
  advance(now: number): void {
    const at = Math.floor(now / this.#sliceMs);
    if (at <= this.#newest) return;
    for (let slice = Math.max(this.#newest + 1, at - this.#slices + 1); slice <= at; slice++) this.#forget(slice);
    this.#newest = at;
  }

  /** Adds to the slice that {@link advance} came to. */
  add(column: number, amount: number): void {
    this.#amounts[(this.#newest % this.#slices) * this.#columns + column]! += amount;
    this.#amounts[this.#sums + column]! += amount;
  }

  /** What {@link advance} left of a column. */
  sum(column: number): number {
    return this.#amounts[this.#sums + column]!;
  }

  reset(): void {
    this.#amounts.fill(0);
  }

  #forget(slice: number): void {
    const first = (slice % this.#slices) * this.#columns;
    for (let column = 0; column < this.#columns; column++) {
      this.#amounts[this.#sums + column]! -= this.#amounts[first + column]!;
      this.#amounts[first + column] = 0;
    }
  }
}

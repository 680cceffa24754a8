/** A line of ids in which those that came together stand side by side: which of them goes first is open. */
export class Order {
  readonly #ranks = new Map<string, number>();
  #front = 0;
  #back = 0;

  get size(): number {
    return this.#ranks.size;
  }

  append(ids: readonly string[]): void {
    this.#back += 1;
    for (const id of ids) this.#ranks.set(id, this.#back);
  }

  prepend(ids: readonly string[]): void {
    this.#front -= 1;
    for (const id of ids) this.#ranks.set(id, this.#front);
  }

  /** To the tail, beside those that came last. */
  alongside(id: string): void {
    this.#ranks.set(id, this.#back);
  }

  delete(id: string): void {
    this.#ranks.delete(id);
  }

  /** Whether these ids, in this order, may be the first of the line. */
  allows(ids: readonly string[]): boolean {
    const first = [...this.#ranks.values()].toSorted((a, b) => a - b).slice(0, ids.length);
    return ids.length === first.length && ids.every((id, at) => this.#ranks.get(id) === first[at]);
  }
}

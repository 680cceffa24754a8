/** Names with a time each, like a sorted set of Redis; made for tests, so it sorts when asked. */
export class DueSet {
  readonly #times = new Map<string, number>();

  get size(): number {
    return this.#times.size;
  }

  add(name: string, at: number): void {
    this.#times.set(name, at);
  }

  has(name: string): boolean {
    return this.#times.has(name);
  }

  at(name: string): number | undefined {
    return this.#times.get(name);
  }

  delete(name: string): void {
    this.#times.delete(name);
  }

  /** The earliest time, that of `except` not counted. */
  first(except?: string): number | undefined {
    return this.#sorted().find(([name]) => name !== except)?.[1];
  }

  /** How many times are not after `now`. */
  dueAt(now: number): number {
    return [...this.#times.values()].filter((at) => at <= now).length;
  }

  /** All names, earliest first. */
  names(): string[] {
    return this.#sorted().map(([name]) => name);
  }

  /** All names with their times, earliest first. */
  entries(): [string, number][] {
    return this.#sorted();
  }

  /** Removes and returns up to `limit` names whose time is not after `now`. */
  takeDue(now: number, limit: number): string[] {
    return this.#take(
      this.#sorted()
        .filter(([, at]) => at <= now)
        .slice(0, limit),
    );
  }

  /** Removes and returns the `count` earliest names; none for a count below 1. */
  takeFirst(count: number): string[] {
    return this.#take(this.#sorted().slice(0, Math.max(0, count)));
  }

  #take(entries: readonly [string, number][]): string[] {
    for (const [name] of entries) this.#times.delete(name);
    return entries.map(([name]) => name);
  }

  #sorted(): [string, number][] {
    return [...this.#times].sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
  }
}

import { DEFAULT_PRIORITY, groupOf, PRIORITY_MAX, priorityOf, type Place } from '../place.ts';

/** Jobs that wait: by class, and those of groups by turns; what `place.lua`, `join.lua` and `choose.lua` keep in keys. */
export class Line {
  readonly #classes: string[][] = Array.from({ length: PRIORITY_MAX + 1 }, () => []);
  readonly #groups = new Map<string, string[]>();
  readonly #places = new Map<string, Place>();
  /** Group → its job that is claimed, or waits for its retry, and holds the others up. */
  readonly #flying = new Map<string, string>();
  /** Groups that have a job to give, the next one first. */
  readonly #turns: string[] = [];
  #groupNext = false;
  #size = 0;

  /** How many jobs wait. */
  get size(): number {
    return this.#size;
  }

  /** Jobs that a claim could take, were it large enough. */
  get claimable(): number {
    return this.#classes.reduce((sum, ids) => sum + ids.length, this.#turns.length);
  }

  /** Whether places say who is next. */
  get ordered(): boolean {
    return this.#places.size > 0;
  }

  placeOf(id: string): Place | undefined {
    return this.#places.get(id);
  }

  /** Gives a job its place, which it keeps until it is forgotten. */
  assign(id: string, place: Place | undefined): void {
    if (place !== undefined) this.#places.set(id, place);
  }

  /** To the tail of where it waits: new, due, or redriven. */
  add(id: string): void {
    const group = this.#groupOf(id);
    const list = this.#listOf(id);
    list.push(id);
    this.#size += 1;
    if (group !== undefined && list.length === 1 && !this.#flying.has(group)) this.#turns.push(group);
  }

  /** A job that is due for its retry goes to the head of its group, which it has held up; others join the tail. */
  addDue(id: string): void {
    const group = this.#groupOf(id);
    if (group === undefined || this.#flying.get(group) !== id) return this.add(id);
    this.#toHead(id, group);
    this.#turns.push(group);
  }

  /** To the head of where it waited. */
  putBack(id: string): void {
    const group = this.#groupOf(id);
    this.#toHead(id, group);
    if (group !== undefined) this.#turns.unshift(group);
  }

  /** A job has come to its end, so that its group goes on. */
  end(id: string): void {
    const group = this.#groupOf(id);
    if (group === undefined) return;
    this.#flying.delete(group);
    if (this.#groups.has(group)) this.#turns.push(group);
  }

  /** Takes out a job that has not begun. One that waits for its retry, or was recovered, holds its group up no longer. */
  remove(id: string): void {
    const list = this.#listOf(id);
    const at = list.indexOf(id);
    if (at >= 0) {
      list.splice(at, 1);
      this.#size -= 1;
    }
    const group = this.#groupOf(id);
    if (group !== undefined && list.length === 0) this.#dismiss(group);
    if (group !== undefined && this.#flying.get(group) === id) this.end(id);
    this.forget(id);
  }

  #dismiss(group: string): void {
    this.#groups.delete(group);
    const turn = this.#turns.indexOf(group);
    if (turn >= 0) this.#turns.splice(turn, 1);
  }

  forget(id: string): void {
    this.#places.delete(id);
  }

  /** Takes the next jobs: high classes, then those without a group and groups by turns, then low classes. */
  take(count: number): string[] {
    const ids: string[] = [];
    const takeClass = (priority: number) => ids.push(...this.#classes[priority]!.splice(0, count - ids.length));
    for (let priority = PRIORITY_MAX; priority > DEFAULT_PRIORITY; priority -= 1) takeClass(priority);
    while (ids.length < count) {
      const next = this.#takeByTurns();
      if (next === undefined) break;
      ids.push(next);
    }
    for (let priority = DEFAULT_PRIORITY - 1; priority >= 0; priority -= 1) takeClass(priority);
    this.#size -= ids.length;
    return ids;
  }

  /** All that wait, by class and then by group. */
  ids(): string[] {
    return [...this.#classes.toReversed().flat(), ...[...this.#groups.values()].flat()];
  }

  /** The job that is next in each list. */
  heads(): string[] {
    return [...this.#classes, ...this.#groups.values()].flatMap(([head]) => head ?? []);
  }

  #takeByTurns(): string | undefined {
    const alone = this.#classes[DEFAULT_PRIORITY]!;
    const groupNext = alone.length === 0 || (this.#groupNext && this.#turns.length > 0);
    if (alone.length > 0 && this.#turns.length > 0) this.#groupNext = !this.#groupNext;
    if (!groupNext) return alone.shift();
    const group = this.#turns.shift();
    if (group === undefined) return undefined;
    const list = this.#groups.get(group)!;
    const id = list.shift();
    if (list.length === 0) this.#groups.delete(group);
    if (id !== undefined) this.#flying.set(group, id);
    return id;
  }

  #groupOf(id: string): string | undefined {
    return groupOf(this.#places.get(id));
  }

  #listOf(id: string): string[] {
    const place = this.#places.get(id);
    const group = groupOf(place);
    if (group === undefined) return this.#classes[priorityOf(place)]!;
    const list = this.#groups.get(group) ?? [];
    this.#groups.set(group, list);
    return list;
  }

  #toHead(id: string, group: string | undefined): void {
    this.#listOf(id).unshift(id);
    this.#size += 1;
    if (group !== undefined) this.#flying.delete(group);
  }
}

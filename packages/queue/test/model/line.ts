import { groupOf, priorityOf } from '../../src/place.ts';
import { same } from './divergence.ts';
import { Order } from './order.ts';

/** Jobs that wait, in classes and groups, as the model knows them: what may be next, not how it is kept. */
export class ModelLine {
  readonly #lists = new Map<string, Order>();
  readonly #turns = new Order();
  readonly #flying = new Map<string, string>();
  readonly #placeOf: (id: string) => string | undefined;
  #groupNext = false;

  constructor(placeOf: (id: string) => string | undefined) {
    this.#placeOf = placeOf;
  }

  get size(): number {
    return [...this.#lists.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get claimable(): number {
    return this.size - this.#groups().reduce((sum, group) => sum + this.#list(`g${group}`).size, 0) + this.#turns.size;
  }

  /** Groups whose turn comes from now on stand behind those before; among each other they stand in any order. */
  mark(): void {
    this.#turns.append([]);
  }

  /** To the tails of where they wait, together. */
  append(ids: readonly string[]): void {
    const byPlace = Map.groupBy(ids, (id) => this.#placeOf(id) ?? '');
    for (const [place, those] of byPlace) {
      const group = groupOf(place);
      if (group !== undefined && this.#list(place).size === 0 && !this.#flying.has(group)) this.#turns.alongside(group);
      this.#list(place).append(those);
    }
  }

  /** Due: retries of groups go to their heads. */
  due(ids: readonly string[]): void {
    const retries = ids.filter((id) => this.#flying.get(groupOf(this.#placeOf(id)) ?? '') === id);
    for (const id of retries) {
      this.#toHead([id]);
      this.#turns.alongside(groupOf(this.#placeOf(id))!);
    }
    this.append(ids.filter((id) => !retries.includes(id)));
  }

  /** To the heads of where they waited, together. */
  prepend(ids: readonly string[]): void {
    this.#toHead(ids);
    this.#turns.prepend(ids.flatMap((id) => groupOf(this.#placeOf(id)) ?? []));
  }

  /** A job has come to its end; its group goes on. */
  end(id: string): void {
    const group = groupOf(this.#placeOf(id));
    if (group === undefined) return;
    same(`the job of group ${group} that holds it up`, this.#flying.get(group), id);
    this.#flying.delete(group);
    if (this.#list(`g${group}`).size > 0) this.#turns.alongside(group);
  }

  /** One that has not begun is gone; where it held its group up, the group goes on. */
  remove(id: string): void {
    const place = this.#placeOf(id) ?? '';
    const list = this.#list(place);
    list.delete(id);
    const group = groupOf(place);
    if (group === undefined) return;
    if (list.size === 0) this.#turns.delete(group);
    if (this.#flying.get(group) === id) this.end(id);
  }

  /** Takes these, which must be the next ones. */
  claim(ids: readonly string[]): void {
    let at = 0;
    const take = (list: Order, id: string) => {
      same(`${id} may be next`, list.allows([id]), true);
      list.delete(id);
    };
    const takeClasses = (from: number, to: number) => {
      for (let priority = from; priority >= to; priority -= 1) {
        const list = this.#list(`p${priority}`);
        for (let left = Math.min(list.size, ids.length - at); left > 0; left -= 1) take(list, ids[at++]!);
      }
    };
    takeClasses(9, 5);
    const alone = this.#list('');
    while (at < ids.length && alone.size + this.#turns.size > 0) {
      const both = alone.size > 0 && this.#turns.size > 0;
      const group = both ? this.#groupNext : this.#turns.size > 0;
      if (both) this.#groupNext = !this.#groupNext;
      const id = ids[at++]!;
      if (group) this.#takeTurn(id);
      else take(alone, id);
    }
    takeClasses(3, 0);
    same('claimed in order', at, ids.length);
  }

  /** These, in this order, were listed as all that wait. */
  listed(ids: readonly string[]): void {
    let rest = ids;
    for (let priority = 9; priority >= 0; priority -= 1) {
      const list = this.#list(priority === 4 ? '' : `p${priority}`);
      same(`class ${priority} as listed`, list.allows(rest.slice(0, list.size)), true);
      rest = rest.slice(list.size);
    }
    for (const [place, those] of Map.groupBy(rest, (id) => this.#placeOf(id) ?? '')) {
      same(`${place} as listed`, [priorityOf(place), this.#list(place).size, this.#list(place).allows(those)], [4, those.length, true]);
    }
    same('all that wait', ids.length, this.size);
  }

  #takeTurn(id: string): void {
    const group = groupOf(this.#placeOf(id));
    same(`${id} is of a group`, group !== undefined, true);
    same(`it is the turn of ${group}`, this.#turns.allows([group!]), true);
    same(`${id} is next in ${group}`, this.#list(`g${group}`).allows([id]), true);
    same(`${group} is not held up`, this.#flying.has(group!), false);
    this.#turns.delete(group!);
    this.#list(`g${group}`).delete(id);
    this.#flying.set(group!, id);
  }

  #toHead(ids: readonly string[]): void {
    for (const [place, those] of Map.groupBy(ids, (id) => this.#placeOf(id) ?? '')) this.#list(place).prepend(those);
    for (const id of ids) this.#flying.delete(groupOf(this.#placeOf(id)) ?? '');
  }

  #groups(): string[] {
    return [...this.#lists.keys()].flatMap((place) => groupOf(place) ?? []);
  }

  #list(place: string): Order {
    const list = this.#lists.get(place) ?? new Order();
    this.#lists.set(place, list);
    return list;
  }
}

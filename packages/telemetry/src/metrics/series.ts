import { describe, whole } from '../options.ts';
import type { InstrumentOptions } from './labels.ts';

type LabelSet = Readonly<Record<string, string | number>>;
type GivenLabels = Readonly<Record<string, string | number | undefined>> | undefined;

/** The series of one instrument, bounded: one cell a label combination, and one cell for all that is over the limit. */
export interface Series<Cell> {
  /** Counts the times that everything was forgotten: a cell that was taken before is then no longer shown. */
  readonly generation: number;
  /** The cell for these labels. Never throws. */
  cell(labels: GivenLabels): Cell;
  /** Each cell with its labels. */
  all(): Iterable<readonly [LabelSet, Cell]>;
  /** Starts again from nothing. */
  clear(): void;
}

/** A label's values lead to the next label's; the last lead to the cell. A look-up makes no string and no array. */
interface Branch<Cell> {
  readonly next: Map<string, Branch<Cell> | Leaf<Cell>>;
}

interface Leaf<Cell> {
  readonly cell: Cell;
}

const overflow = 'overflow';
const longest = 1024;

/**
 * Creates bounded series whose cells come from `create`. `onMisuse` hears of labels that were not declared and of values that are
 * neither text nor number; such a label is dropped, such a value is empty.
 */
export function createSeries<Cell>(
  options: InstrumentOptions,
  create: () => Cell,
  onMisuse: (problem: string) => void = () => undefined,
): Series<Cell> {
  const names = options.labelNames ?? [];
  const limit = whole('seriesLimit', options.seriesLimit, 2000, 1, 100_000);
  return new BoundedSeries(names, limit, create, onMisuse);
}

class BoundedSeries<Cell> implements Series<Cell> {
  generation = 0;
  readonly #names: readonly string[];
  readonly #limit: number;
  readonly #create: () => Cell;
  readonly #onMisuse: (problem: string) => void;
  #root: Branch<Cell> = { next: new Map() };
  #cells: (readonly [LabelSet, Cell])[] = [];
  #overflow: Cell | undefined;
  #single: Cell | undefined;

  constructor(names: readonly string[], limit: number, create: () => Cell, onMisuse: (problem: string) => void) {
    this.#names = names;
    this.#limit = limit;
    this.#create = create;
    this.#onMisuse = onMisuse;
    if (names.length === 0) this.#single = this.#add({});
  }

  cell(labels: GivenLabels): Cell {
    try {
      return this.#find(labels);
    } catch (error) {
      // Labels whose getter throws, or that are no object at all: counted under empty labels, so that the total stays true.
      this.#onMisuse(`labels could not be read: ${describe(error instanceof Error ? error.message : error)}`);
      return this.#find({});
    }
  }

  #find(labels: GivenLabels): Cell {
    const names = this.#names;
    if (labels !== undefined) this.#refuseUndeclared(labels);
    if (this.#single !== undefined) return this.#single;
    let branch = this.#root;
    const last = names.length - 1;
    for (let index = 0; index < last; index += 1) {
      const found = branch.next.get(this.#value(labels, names[index] as string));
      if (found === undefined) return this.#addFor(labels);
      branch = found as Branch<Cell>;
    }
    const leaf = branch.next.get(this.#value(labels, names[last] as string)) as Leaf<Cell> | undefined;
    return leaf === undefined ? this.#addFor(labels) : leaf.cell;
  }

  #refuseUndeclared(labels: NonNullable<GivenLabels>): void {
    // Once a call, however many there are: of a string, each character would be one.
    if (typeof labels !== 'object') return this.#onMisuse(`labels must be an object, got ${typeof labels}`);
    for (const name in labels) {
      if (!this.#names.includes(name)) return this.#onMisuse(`label ${name.slice(0, 100)} was not declared`);
    }
  }

  #value(labels: GivenLabels, name: string): string {
    const value: unknown = labels?.[name];
    if (typeof value === 'string') return value.length > longest ? value.slice(0, longest) : value;
    if (typeof value === 'number') return String(value);
    if (value !== undefined) this.#onMisuse(`label ${name} must be text or a number, got ${value === null ? 'null' : typeof value}`);
    return '';
  }

  #addFor(labels: GivenLabels): Cell {
    const values = this.#names.map((name) => this.#value(labels, name));
    // Values that happen to be the overflow's own words share its cell: two series of the same labels would break the scrape.
    if (this.#cells.length >= this.#limit || values.every((value) => value === overflow)) {
      return (this.#overflow ??= this.#add(Object.fromEntries(this.#names.map((name) => [name, overflow]))));
    }
    const cell = this.#add(Object.fromEntries(this.#names.map((name, index) => [name, values[index] as string])));
    let branch = this.#root;
    for (const value of values.slice(0, -1)) {
      let next = branch.next.get(value) as Branch<Cell> | undefined;
      if (next === undefined) branch.next.set(value, (next = { next: new Map() }));
      branch = next;
    }
    branch.next.set(values.at(-1) as string, { cell });
    return cell;
  }

  #add(labels: LabelSet): Cell {
    const cell = this.#create();
    this.#cells.push([labels, cell]);
    return cell;
  }

  all(): Iterable<readonly [LabelSet, Cell]> {
    return this.#cells;
  }

  clear(): void {
    this.generation += 1;
    this.#root = { next: new Map() };
    this.#cells = [];
    this.#overflow = undefined;
    this.#single = this.#names.length === 0 ? this.#add({}) : undefined;
  }
}

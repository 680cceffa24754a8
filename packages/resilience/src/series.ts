/** One value for each label. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

/** Most series one instrument holds. Past it, counters and histograms count under the label value `overflow`; gauges drop the value. */
export const MAX_SERIES: number = 2_000;

/** One label set and what is stored for it. */
export interface Series<L extends string, V> {
  readonly labels: Labels<L>;
  readonly state: V;
}

/** The values of one instrument by label set. Bounded, because label values may come from outside. */
export class SeriesMap<L extends string, V> {
  readonly #series = new Map<string, Series<L, V>>();
  readonly #labels: readonly L[];
  readonly #create: () => V;

  constructor(labels: readonly L[], create: () => V) {
    this.#labels = labels;
    this.#create = create;
    this.clear();
  }

  /** The state of one series, made when it is new; undefined when the instrument is full. */
  at(labels: Labels<L>): V | undefined {
    const key = this.#key(labels);
    const found = this.#series.get(key);
    if (found !== undefined) return found.state;
    return this.#series.size < MAX_SERIES ? this.#add(key, labels) : undefined;
  }

  /** As {@link at}, but the series of `overflow` when the instrument is full, so that sums stay right. */
  atOrOverflow(labels: Labels<L>): V {
    const state = this.at(labels);
    if (state !== undefined) return state;
    const overflow = Object.fromEntries(this.#labels.map((label) => [label, 'overflow'])) as Labels<L>;
    const key = this.#key(overflow);
    return this.#series.get(key)?.state ?? this.#add(key, overflow);
  }

  delete(labels: Labels<L>): void {
    this.#series.delete(this.#key(labels));
  }

  /** Forgets all series. One without labels exists from the start, so that a count of 0 is visible. */
  clear(): void {
    this.#series.clear();
    if (this.#labels.length === 0) this.at({} as Labels<L>);
  }

  values(): Iterable<Series<L, V>> {
    return this.#series.values();
  }

  #key(labels: Labels<L>): string {
    const only = this.#labels[0];
    if (this.#labels.length === 1 && only !== undefined) return labels[only];
    let key = '';
    for (const label of this.#labels) key += `${labels[label]}\u0000`;
    return key;
  }

  #add(key: string, labels: Labels<L>): V {
    const copy = Object.fromEntries(this.#labels.map((label) => [label, labels[label]])) as Labels<L>;
    const state = this.#create();
    this.#series.set(key, { labels: copy, state });
    return state;
  }
}

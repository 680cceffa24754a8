import { element, KeyedList, mark, place, say } from './dom.ts';
import { PLOT_WIDTH, type Stretch, type TimeAxis, xOf } from './scale.ts';

/** A row of the chart with a flag over each time in which something was so. */
export class Flags {
  readonly element: HTMLElement;
  readonly #host = element('ol', { class: 'flags' });
  readonly #list: KeyedList<Stretch<string>, Flag>;

  constructor(title: string, style: string) {
    mark(this.#host, 'aria-label', title);
    this.#list = new KeyedList(
      this.#host,
      ({ state, fromMs }) => `${state} ${fromMs}`,
      () => new Flag(style),
    );
    const head = element('div', { class: 'track-head' }, element('h3', {}, title));
    this.element = element('div', { class: 'track track-flags' }, head, this.#host);
  }

  show(axis: TimeAxis, found: readonly Stretch<string>[], titleOf: (name: string) => string): void {
    const rows = rowsOf(found);
    this.#list.show(found, (flag, one) => flag.show(axis, one, titleOf(one.state), rows.get(one) ?? 0));
    place(this.#host, { '--rows': String(Math.max(1, ...[...rows.values()].map((row) => row + 1))) });
  }
}

/** What goes on at the same time lies under each other, in as few rows as that takes. */
function rowsOf(found: readonly Stretch<string>[]): ReadonlyMap<Stretch<string>, number> {
  const endsMs: number[] = [];
  const rows = new Map<Stretch<string>, number>();
  for (const one of found.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const free = endsMs.findIndex((endMs) => endMs < one.fromMs);
    const row = free === -1 ? endsMs.length : free;
    endsMs[row] = one.toMs;
    rows.set(one, row);
  }
  return rows;
}

class Flag {
  readonly element: HTMLElement;

  constructor(style: string) {
    this.element = element('li', { class: style });
  }

  show(axis: TimeAxis, { fromMs, toMs }: Stretch<string>, title: string, row: number): void {
    say(this.element, title);
    this.element.title = title;
    const [from = 0, to = 0] = [xOf(axis, fromMs), xOf(axis, toMs)].map((x) => (x * 100) / PLOT_WIDTH);
    mark(this.element, 'data-narrow', String(to - from < 4));
    place(this.element, { '--row': String(row), 'inset-inline-start': `${from}%`, 'inline-size': `${Math.max(0.4, to - from)}%` });
  }
}

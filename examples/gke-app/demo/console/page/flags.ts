import { element, KeyedList, mark, place, say } from './dom.ts';
import { PLOT_WIDTH, type Stretch, type TimeAxis, xOf } from './scale.ts';

/** A row of the chart with a flag over each time in which something was so. */
export class Flags {
  readonly element: HTMLElement;
  readonly #list: KeyedList<Stretch<string>, Flag>;

  constructor(title: string, style: string) {
    const host = element('ol', { class: 'flags', 'aria-label': title });
    this.#list = new KeyedList(
      host,
      ({ state, fromMs }) => `${state} ${fromMs}`,
      () => new Flag(style),
    );
    const head = element('div', { class: 'track-head' }, element('h3', {}, title));
    this.element = element('div', { class: 'track track-flags' }, head, host);
  }

  show(axis: TimeAxis, found: readonly Stretch<string>[], titleOf: (name: string) => string): void {
    this.#list.show(found, (flag, one) => flag.show(axis, one, titleOf(one.state)));
  }
}

class Flag {
  readonly element: HTMLElement;

  constructor(style: string) {
    this.element = element('li', { class: style });
  }

  show(axis: TimeAxis, { fromMs, toMs }: Stretch<string>, title: string): void {
    say(this.element, title);
    this.element.title = title;
    const [from = 0, to = 0] = [xOf(axis, fromMs), xOf(axis, toMs)].map((x) => (x * 100) / PLOT_WIDTH);
    mark(this.element, 'data-narrow', String(to - from < 4));
    place(this.element, { 'inset-inline-start': `${from}%`, 'inline-size': `${Math.max(0.4, to - from)}%` });
  }
}

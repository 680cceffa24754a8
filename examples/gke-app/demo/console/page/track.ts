import { element, mark, say, svg } from './dom.ts';
import { areaPath, linePath, PLOT_HEIGHT, PLOT_WIDTH, type Reading, type Stretch, type TimeAxis, xOf } from './scale.ts';

/** One line or area of a track. */
export interface Curve {
  readonly name: string;
  /** Of its style sheet's class: `curve-<style>`. */
  readonly style: string;
  readonly readings: readonly Reading[];
  /** Where an area ends below; a line has none. */
  readonly floor?: readonly Reading[];
  readonly value: string;
}

/** A figure over time: its name and the current values on the left, which are the legend too, the curves on the right. */
export class Track {
  readonly element: HTMLElement;
  readonly #legend = element('dl', { class: 'legend' });
  readonly #plot: SVGSVGElement;
  readonly #bands = svg('g', { class: 'bands' });
  readonly #curves = svg('g');
  readonly #top = element('span', { class: 'track-top', 'aria-hidden': 'true' });

  constructor(title: string, rules: readonly number[] = [0.5]) {
    this.#plot = svg('svg', {
      class: 'plot',
      viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    });
    const lines = rules.map((share) => svg('path', { class: 'rule', d: `M0 ${PLOT_HEIGHT * share}H${PLOT_WIDTH}` }));
    this.#plot.append(this.#bands, ...lines, this.#curves);
    const head = element('div', { class: 'track-head' }, element('h3', {}, title), this.#legend);
    this.element = element('div', { class: 'track' }, head, element('div', { class: 'track-plot' }, this.#plot, this.#top));
  }

  show(axis: TimeAxis, curves: readonly Curve[], yOf: (value: number) => number, top: string, bands: readonly Stretch<unknown>[]): void {
    say(this.#top, top);
    this.#legendOf(curves);
    paint(this.#curves, curves.length, 'path');
    for (const [at, { style, readings, floor }] of curves.entries()) {
      const path = this.#curves.children[at]!;
      mark(path, 'class', `curve curve-${style}`);
      mark(path, 'd', floor === undefined ? linePath(axis, readings, yOf) : areaPath(axis, readings, floor, yOf));
    }
    showBands(this.#bands, axis, bands, () => 'band');
  }

  #legendOf(curves: readonly Curve[]): void {
    if (this.#legend.children.length !== curves.length) {
      const entry = ({ style, name }: Curve) =>
        element('div', {}, element('dt', {}, element('i', { class: `key key-${style}` }), name), element('dd'));
      this.#legend.replaceChildren(...curves.map(entry));
    }
    for (const [at, { value }] of curves.entries()) say(this.#legend.children[at]!.lastElementChild!, value);
  }
}

/** Draws stretches of time as blocks over the whole height. */
export function showBands<State>(
  host: SVGGElement,
  axis: TimeAxis,
  bands: readonly Stretch<State>[],
  classOf: (state: State) => string,
  [y, height]: readonly [number, number] = [0, PLOT_HEIGHT],
): void {
  paint(host, bands.length, 'rect');
  for (const [at, { state, fromMs, toMs }] of bands.entries()) {
    const rect = host.children[at]!;
    const from = xOf(axis, fromMs);
    mark(rect, 'class', classOf(state));
    mark(rect, 'x', from.toFixed(1));
    mark(rect, 'y', String(y));
    mark(rect, 'width', Math.max(2, xOf(axis, toMs) - from).toFixed(1));
    mark(rect, 'height', String(height));
  }
}

/** Keeps as many children as are needed. */
function paint(host: SVGGElement, wanted: number, tag: 'path' | 'rect'): void {
  while (host.children.length > wanted) host.lastElementChild?.remove();
  while (host.children.length < wanted) host.append(svg(tag));
}

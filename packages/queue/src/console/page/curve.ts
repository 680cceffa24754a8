const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [100, 20];

/** The backlog of the last minute as a line; for the eye only, the rate beside it says the same in words. */
export class Curve {
  readonly element: SVGSVGElement;
  readonly #line: SVGPolylineElement;

  constructor() {
    this.element = document.createElementNS(SVG, 'svg');
    for (const [name, value] of Object.entries({
      class: 'curve',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
      focusable: 'false',
    })) {
      this.element.setAttribute(name, value);
    }
    this.#line = document.createElementNS(SVG, 'polyline');
    this.element.append(this.#line);
  }

  show(values: readonly number[]): void {
    this.element.toggleAttribute('hidden', values.length < 2);
    const top = Math.max(1, ...values);
    const step = WIDTH / Math.max(1, values.length - 1);
    const points = values.map((value, at) => `${(at * step).toFixed(1)},${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`);
    this.#line.setAttribute('points', points.join(' '));
  }
}

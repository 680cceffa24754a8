import type { Board, BreakerState, ProcessView, QueueFigures } from '../protocol.ts';
import { byId, element, KeyedList, mark, place, say, svg } from './dom.ts';
import { count, duration, megabytes, percent, quantile, rate } from './format.ts';

interface Lane {
  readonly key: string;
  readonly process: ProcessView;
  readonly destination: string;
  readonly state: BreakerState | 'gone';
}

/** The way of an event as on the wall of a control room: api, queue, a line for each worker with its breaker in it, receiver. */
export class Mimic {
  readonly #api = new Station('Accepted', 'a second');
  readonly #queue = new Station('Queue', 'wait', 'station tank');
  readonly #out = new Station('Delivered', 'a second');
  readonly #lanes: KeyedList<Lane, LaneRow>;
  readonly #between = wire('into the queue');

  constructor() {
    const lanes = element('ul', { class: 'lanes', 'aria-label': 'Workers and their circuit breakers' });
    this.#lanes = new KeyedList(
      lanes,
      ({ key }) => key,
      () => new LaneRow(),
    );
    byId('mimic').append(this.#api.element, this.#between, this.#queue.element, lanes, this.#out.element);
  }

  show({ point, queue, accept, attempt, processes }: Board): void {
    const apis = processes.filter(({ name }) => name === 'api');
    this.#api.show(rate(point.in), [
      ['p50', quantile(accept.p50, accept)],
      ['p99', quantile(accept.p99, accept)],
      ['refused', `${rate(point.refused)}/s`],
    ]);
    mark(this.#api.element, 'data-tone', apis.some(({ up }) => !up) ? 'bad' : (point.refused ?? 0) >= 1 ? 'uneasy' : 'calm');
    this.#queue.show(queue === undefined ? '?' : count(queue.waiting + queue.delayed), [
      ['waiting', count(queue?.waiting)],
      ['until a retry', count(queue?.delayed)],
      ['being delivered', count(queue?.active)],
      ['oldest', queue === undefined ? '?' : queue.oldestAgeMs === 0 ? '–' : duration(queue.oldestAgeMs)],
    ]);
    mark(this.#queue.element, 'data-tone', queue === undefined ? 'bad' : queue.waiting + queue.delayed > 25 ? 'uneasy' : 'calm');
    place(this.#queue.element, { '--level': `${level(queue)}%` });
    mark(this.#between, 'data-flowing', String((point.in ?? 0) > 0));
    const lanes = lanesOf(processes);
    this.#lanes.show(lanes, (row, lane) => row.show(lane, (point.out ?? 0) > 0));
    this.#out.show(rate(point.out), [
      ['p50', quantile(attempt.p50, attempt)],
      ['p99', quantile(attempt.p99, attempt)],
      ['failed', `${rate(point.failed)}/s`],
    ]);
    mark(this.#out.element, 'data-tone', (point.failed ?? 0) > 0.2 ? 'bad' : 'calm');
  }
}

/** How full the tank is drawn: each power of ten is a fifth of it, for ten events matter and so do ten thousand. */
function level(queue: QueueFigures | undefined): number {
  return Math.min(100, 20 * Math.log10(1 + (queue?.waiting ?? 0) + (queue?.delayed ?? 0)));
}

function lanesOf(processes: readonly ProcessView[]): Lane[] {
  return processes
    .filter(({ name }) => name !== 'api')
    .flatMap((process): Lane[] => {
      const { name, pid, up, breakers } = process;
      if (!up) return [{ key: `${name} ${pid}`, process, destination: '', state: 'gone' }];
      return breakers.map(({ destination, state }) => ({ key: `${name} ${pid} ${destination}`, process, destination, state }));
    });
}

/** A place where events are: its name, one great figure, and some small ones. */
class Station {
  readonly element: HTMLElement;
  readonly #figure = element('b');
  readonly #facts = element('dl');

  constructor(name: string, unit: string, style = 'station') {
    this.element = element(
      'div',
      { class: style },
      element('h2', {}, name),
      element('p', { class: 'figure' }, this.#figure, element('span', {}, ` ${unit}`)),
      this.#facts,
    );
  }

  show(figure: string, facts: readonly (readonly [name: string, value: string])[]): void {
    say(this.#figure, figure);
    if (this.#facts.children.length !== facts.length * 2) {
      this.#facts.replaceChildren(...facts.flatMap(([name]) => [element('dt', {}, name), element('dd')]));
    }
    for (const [at, [, value]] of facts.entries()) say(this.#facts.children[at * 2 + 1]!, value);
  }
}

class LaneRow {
  readonly element: HTMLElement;
  readonly #name = element('span', { class: 'lane-name' });
  readonly #state = element('span', { class: 'lane-state' });
  readonly #facts = element('span', { class: 'lane-facts' });
  readonly #where = element('span', { class: 'lane-facts' });

  constructor() {
    const words = element('span', { class: 'lane-words' }, this.#name, this.#facts);
    this.element = element('li', { class: 'lane' }, words, breaker(), element('span', { class: 'lane-words' }, this.#state, this.#where));
  }

  show({ process, destination, state }: Lane, flowing: boolean): void {
    const { name, pid, memoryBytes, busy } = process;
    say(this.#name, `${name} ${pid}`);
    say(this.#facts, memoryBytes === undefined ? '' : `${megabytes(memoryBytes)} · ${percent(busy ?? 0)} busy`);
    say(this.#state, state === 'gone' ? 'no answer' : state);
    say(this.#where, destination === '' ? '' : `to ${destination}`);
    mark(this.element, 'data-state', state);
    mark(this.element, 'data-flowing', String(flowing && state === 'closed'));
  }
}

/** The sign of a circuit breaker: two contacts and an arm that lifts. The words beside it say the same. */
function breaker(): SVGSVGElement {
  return svg(
    'svg',
    { class: 'breaker', viewBox: '0 0 72 32', 'aria-hidden': 'true' },
    svg('path', { class: 'lead', d: 'M0 20H20M52 20H72' }),
    svg('path', { class: 'arm', d: 'M20 20H52' }),
    svg('circle', { class: 'contact', cx: '20', cy: '20', r: '4' }),
    svg('circle', { class: 'contact', cx: '52', cy: '20', r: '4' }),
  );
}

function wire(label: string): HTMLElement {
  return element('div', { class: 'wire', 'aria-hidden': 'true', 'data-label': label });
}

import type { Board, BreakerState, Greeting, Point } from '../protocol.ts';
import { byId, element, KeyedList, say, svg } from './dom.ts';
import { Flags } from './flags.ts';
import { count, duration, quantile, rate } from './format.ts';
import { linear, logarithmic, niceTop, PLOT_HEIGHT, PLOT_WIDTH, type Reading, type Stretch, stretches, type TimeAxis } from './scale.ts';
import { showBands, Track } from './track.ts';

const LANES_MAX = 6;
/** The chart begins with a minute and grows with what was seen: an empty sheet tells nothing. */
const SPAN_MIN_MS = 60_000;
const [FASTEST, SLOWEST] = [0.001, 10];

/** Cause and effect on one sheet: what was broken, and below it, on the same time axis, what that did. */
export class Strip {
  readonly #flow = new Track('Events a second');
  readonly #depth = new Track('In the queue');
  readonly #attempt = new Track('An attempt takes', [0.25, 0.5, 0.75]);
  readonly #causes = new Flags('Broken', 'flag');
  readonly #alerts = new Flags('Alerting', 'flag flag-alert');
  readonly #ruler = ['', '', 'now'].map((text) => element('span', {}, text));
  readonly #lanes = element('div', { class: 'breaker-lanes' });
  readonly #laneList = new KeyedList<string, Lane>(
    this.#lanes,
    (name) => name,
    (name) => new Lane(name),
  );
  #points: readonly Point[] = [];
  #spanMs = 180_000;

  constructor() {
    const ruler = element('div', { class: 'ruler', 'aria-hidden': 'true' }, ...this.#ruler);
    const rows = [this.#causes, this.#alerts, this.#flow, this.#depth, this.#attempt].map(({ element }) => element);
    byId('tracks').append(...rows.slice(0, 1), this.#lanes, ...rows.slice(1), ruler);
  }

  begin({ history, spanMs }: Greeting): void {
    this.#points = history;
    this.#spanMs = spanMs;
  }

  show({ point, attempt, switches, source }: Board): void {
    const nowMs = point.atMs;
    this.#points = [...this.#points.filter(({ atMs }) => atMs > nowMs - this.#spanMs && atMs < nowMs), point];
    const axis = { nowMs, spanMs: Math.max(SPAN_MIN_MS, nowMs - (this.#points[0]?.atMs ?? nowMs)) };
    for (const [at, share] of [1, 0.5].entries()) say(this.#ruler[at]!, `${duration(axis.spanMs * share)} ago`);
    const broken = stretchesOf(this.#points, ({ broken }) => broken);
    this.#causes.show(axis, broken, (id) => switches.find((one) => one.id === id)?.title ?? id);
    this.#alerts.element.hidden = source === 'counters';
    this.#alerts.show(
      axis,
      stretchesOf(this.#points, ({ firing }) => firing),
      (name) => name,
    );
    this.#showFlow(axis, broken, point);
    this.#showDepth(axis, broken, point);
    const [p50, p99] = [this.#read('attemptP50'), this.#read('attemptP99')];
    const took = (seconds: number | undefined) => quantile(seconds, attempt);
    const curves = [
      { name: 'p50', style: 'out', readings: p50, value: took(point.attemptP50) },
      { name: 'p99', style: 'slow', readings: p99, value: took(point.attemptP99) },
    ];
    this.#attempt.show(axis, curves, logarithmic(FASTEST, SLOWEST), '10 s', broken);
    const lanes = [...new Set(this.#points.toReversed().flatMap(({ breakers }) => Object.keys(breakers)))].slice(0, LANES_MAX);
    // Where there is one destination only it need not be said.
    const several = new Set(lanes.map((lane) => lane.split(' → ')[1])).size > 1;
    this.#laneList.show(lanes.toSorted(), (lane, name) =>
      lane.show(axis, this.#points, broken, several ? name : (name.split(' → ')[0] ?? name)),
    );
  }

  #showFlow(axis: TimeAxis, broken: readonly Stretch<string>[], point: Point): void {
    const [out, incoming, failed, refused] = [this.#read('out'), this.#read('in'), this.#read('failed'), this.#read('refused')];
    const top = niceTop(
      [...out, ...incoming, ...failed, ...refused].map(([, value]) => value),
      10,
    );
    const curves = [
      { name: 'delivered', style: 'out', readings: out, floor: zero(out), value: rate(point.out) },
      { name: 'accepted', style: 'in', readings: incoming, value: rate(point.in) },
      { name: 'failed attempts', style: 'failed', readings: failed, value: rate(point.failed) },
      { name: 'refused', style: 'refused', readings: refused, value: rate(point.refused) },
    ];
    this.#flow.show(axis, curves, linear(top), `${count(top)}/s`, broken);
  }

  #showDepth(axis: TimeAxis, broken: readonly Stretch<string>[], point: Point): void {
    const active = this.#read('active');
    const waiting = stacked(active, this.#read('waiting'));
    const delayed = stacked(waiting, this.#read('delayed'));
    const top = niceTop(
      delayed.map(([, value]) => value),
      10,
    );
    const curves = [
      { name: 'until a retry', style: 'delayed', readings: delayed, floor: waiting, value: count(point.delayed) },
      { name: 'waiting', style: 'in-area', readings: waiting, floor: active, value: count(point.waiting) },
      { name: 'being delivered', style: 'out', readings: active, floor: zero(active), value: count(point.active) },
    ];
    this.#depth.show(axis, curves, linear(top), count(top), broken);
  }

  #read(name: 'in' | 'out' | 'failed' | 'refused' | 'waiting' | 'delayed' | 'active' | 'attemptP50' | 'attemptP99'): Reading[] {
    return this.#points.map((point) => [point.atMs, point[name]] as const);
  }
}

function zero(readings: readonly Reading[]): Reading[] {
  return readings.map(([atMs, value]) => [atMs, value === undefined ? undefined : 0] as const);
}

function stacked(below: readonly Reading[], readings: readonly Reading[]): Reading[] {
  return readings.map(([atMs, value], at) => [atMs, value === undefined ? undefined : value + (below[at]?.[1] ?? 0)] as const);
}

/** When each of the things was so that a point names. */
function stretchesOf(points: readonly Point[], namesOf: (point: Point) => readonly string[]): Stretch<string>[] {
  const names = [...new Set(points.flatMap(namesOf))];
  return names.flatMap((name) => stretches(points.map((point) => [point.atMs, namesOf(point).includes(name) ? name : undefined] as const)));
}

/** One breaker over time: a thin line while it is closed. */
class Lane {
  readonly element: HTMLElement;
  readonly #broken = svg('g');
  readonly #states = svg('g');
  readonly #label = element('dt');
  readonly #state = element('dd');
  readonly #name: string;

  constructor(name: string) {
    const plot = svg(
      'svg',
      { class: 'plot', viewBox: `0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      this.#broken,
      this.#states,
    );
    const legend = element('dl', { class: 'legend' }, element('div', {}, this.#label, this.#state));
    this.element = element(
      'div',
      { class: 'track track-lane' },
      element('div', { class: 'track-head' }, legend),
      element('div', { class: 'track-plot' }, plot),
    );
    this.#name = name;
  }

  show(axis: TimeAxis, points: readonly Point[], broken: readonly Stretch<string>[], label: string): void {
    const name = this.#name;
    say(this.#label, label);
    const states = stretches<BreakerState>(points.map(({ atMs, breakers }) => [atMs, breakers[name]] as const));
    showBands(this.#broken, axis, broken, () => 'band');
    showBands(this.#states, axis, states, (state) => `state state-${state}`, [12, 76]);
    for (const [at, { state }] of states.entries()) {
      if (state !== 'closed') continue;
      this.#states.children[at]?.setAttribute('y', '46');
      this.#states.children[at]?.setAttribute('height', '8');
    }
    say(this.#state, points.at(-1)?.breakers[name] ?? 'gone');
  }
}

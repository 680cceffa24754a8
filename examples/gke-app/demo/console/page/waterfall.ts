import type { SpanRow, TraceView } from '../protocol.ts';
import { button, element, place } from './dom.ts';
import { duration, plural, timeOfDay } from './format.ts';

/** The spans of one trace under each other, each where it was in time. A row opens to what the span carries. */
export class Waterfall {
  readonly #host: HTMLElement;
  readonly #openTrace: (traceId: string) => void;
  #shown: TraceView | undefined;

  constructor(host: HTMLElement, openTrace: (traceId: string) => void) {
    this.#host = host;
    this.#openTrace = openTrace;
    this.#host.append(element('p', { class: 'note' }, 'Choose a trace to see its way through the processes.'));
  }

  /** The trace that is shown. */
  get shown(): TraceView | undefined {
    return this.#shown;
  }

  show(trace: TraceView): void {
    const open = new Set([...this.#host.querySelectorAll<HTMLElement>('details[open]')].map(({ dataset }) => dataset['span']));
    this.#shown = trace;
    const { name, startMs, durationMs, traceId, attempts, rows, left } = trace;
    const tries = attempts > 1 ? `, ${attempts} attempts` : '';
    const title = element(
      'h3',
      {},
      name,
      element('small', {}, ` ${duration(durationMs)}, ${plural(rows.length, 'span')}${tries}, ${timeOfDay(startMs)}`),
    );
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => element('span', {}, share === 0 ? '0' : duration(durationMs * share)));
    const list = element(
      'ol',
      { class: 'spans', 'aria-label': `Spans of ${name}` },
      ...rows.map((row) => element('li', {}, this.#rowOf(row, durationMs))),
    );
    const more = left === 0 ? [] : [element('p', { class: 'note' }, `${plural(left, 'span')} more are not shown.`)];
    const id = element('p', { class: 'note' }, 'Trace ', element('code', {}, traceId));
    this.#host.replaceChildren(title, element('div', { class: 'span-ruler', 'aria-hidden': 'true' }, ...ticks), list, ...more, id);
    for (const row of list.querySelectorAll('details')) row.open = open.has(row.dataset['span']);
  }

  complain(text: string): void {
    this.#shown = undefined;
    this.#host.replaceChildren(element('p', { class: 'note' }, text));
  }

  #rowOf(row: SpanRow, wholeMs: number): HTMLElement {
    const { name, service, depth, offsetMs, durationMs, failed, attempt } = row;
    const label = element('span', { class: 'span-name' }, element('span', { class: 'service' }, service), element('span', {}, name));
    if (attempt !== undefined && attempt > 1) label.append(element('em', { class: 'chip' }, `attempt ${attempt}`));
    if (failed) label.append(element('em', { class: 'chip chip-bad' }, 'failed'));
    if (row.links.length > 0) label.append(element('em', { class: 'chip' }, 'linked'));
    place(label, { '--depth': String(depth) });
    const bar = element('span', { class: 'span-bar' });
    const share = (ms: number) => `${wholeMs === 0 ? 0 : Math.min(100, (100 * ms) / wholeMs)}%`;
    place(bar, { 'inset-inline-start': share(offsetMs), 'inline-size': share(durationMs) });
    const waitedMs = row.waitedMs ?? 0;
    const wait = element('span', { class: 'span-wait' });
    place(wait, { 'inset-inline-start': share(offsetMs - waitedMs), 'inline-size': share(waitedMs) });
    const took = element('span', { class: 'took' }, duration(durationMs));
    const summary = element('summary', {}, label, element('span', { class: 'span-track', 'aria-hidden': 'true' }, wait, bar), took);
    const states = { 'data-span': row.spanId, 'data-service': service, 'data-tone': failed ? 'bad' : 'calm' };
    return element('details', { class: 'span', ...states }, summary, this.#facts(row));
  }

  #facts({ offsetMs, waitedMs, attributes, links }: SpanRow): HTMLElement {
    const waited = waitedMs === undefined ? [] : [['waited in the queue', duration(waitedMs)] as const];
    const facts = [['begins', `after ${duration(offsetMs)}`] as const, ...waited, ...attributes];
    const list = element('dl', {}, ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
    const linked = links.map((traceId) =>
      button(`Open linked trace ${traceId.slice(0, 8)}…`, () => this.#openTrace(traceId), { class: 'quiet' }),
    );
    return element('div', { class: 'span-facts' }, list, ...linked);
  }
}

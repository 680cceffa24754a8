import type { TraceFilter, TraceLine } from '../protocol.ts';
import { oneTrace, reason, recentTraces } from './api.ts';
import { button, byId, element, KeyedList, mark, say } from './dom.ts';
import { duration, plural, timeOfDay } from './format.ts';
import { Waterfall } from './waterfall.ts';

const FILTERS: readonly (readonly [TraceFilter, string])[] = [
  ['newest', 'Newest'],
  ['troubled', 'Failed or tried again'],
  ['slowest', 'Slowest'],
];
const EVERY_MS = 2000;
const GROWS_MS = 300_000;

/** Recent traces, and the waterfall of one. The list stands still while somebody is in it. */
export class Traces {
  readonly #list = element('ul', { 'aria-label': 'Recent traces' });
  readonly #note = element('p', { class: 'note' });
  readonly #waterfall = new Waterfall(byId('waterfall'), (traceId) => void this.open(traceId));
  readonly #rows: KeyedList<TraceLine, TraceRow>;
  #filter: TraceFilter = 'newest';
  #open = '';
  #askedAtMs = 0;

  constructor() {
    this.#rows = new KeyedList(
      this.#list,
      ({ traceId }) => traceId,
      ({ traceId }) => new TraceRow(() => void this.open(traceId)),
    );
    byId('trace-filter').append(this.#choice());
    byId('trace-list').append(this.#note, this.#list);
  }

  /** Called with every look at the system. */
  tick(nowMs: number): void {
    if (nowMs - this.#askedAtMs < EVERY_MS) return;
    this.#askedAtMs = nowMs;
    if (!this.#list.matches(':hover, :focus-within')) void this.#refresh();
    void this.#complete(nowMs);
  }

  async open(traceId: string): Promise<void> {
    this.#open = traceId;
    try {
      this.#waterfall.show(await oneTrace(traceId));
    } catch (error) {
      this.#waterfall.complain(reason(error));
    }
    for (const row of this.#list.querySelectorAll('button')) mark(row, 'aria-pressed', String(row.dataset['trace'] === traceId));
  }

  /** Spans of a trace arrive one after the other: what is shown of a young one grows, unless somebody reads it just now. */
  async #complete(nowMs: number): Promise<void> {
    const { shown } = this.#waterfall;
    if (shown === undefined || nowMs - shown.startMs > GROWS_MS || byId('waterfall').matches(':hover, :focus-within')) return;
    const trace = await oneTrace(shown.traceId).catch(() => undefined);
    if (trace !== undefined && trace.traceId === this.#open && trace.spans > shown.spans) this.#waterfall.show(trace);
  }

  async #refresh(): Promise<void> {
    try {
      const filter = this.#filter;
      const lines = await recentTraces(filter);
      if (filter !== this.#filter) return;
      this.#rows.show(lines, (row, line) => row.show(line, line.traceId === this.#open));
      say(this.#note, lines.length === 0 ? 'None yet: spans arrive about a second after they end.' : '');
      const [first] = lines;
      if (this.#open === '' && first !== undefined && first.spans > 3) void this.open(first.traceId);
    } catch (error) {
      say(this.#note, reason(error));
    }
  }

  #choice(): HTMLElement {
    const options = FILTERS.map(([filter, text]) => {
      const input = element('input', {
        type: 'radio',
        name: 'trace-filter',
        value: filter,
        ...(filter === this.#filter ? { checked: '' } : {}),
      });
      input.addEventListener('change', () => {
        this.#filter = filter;
        void this.#refresh();
      });
      return element('label', {}, input, element('span', {}, text));
    });
    return element('fieldset', { class: 'choice' }, element('legend', { class: 'aloud' }, 'Which traces'), ...options);
  }
}

const TONES = { fine: 'calm', recovered: 'uneasy', failed: 'bad' } as const;

class TraceRow {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #name = element('b');
  readonly #facts = element('span');
  readonly #took = element('span', { class: 'took' });

  constructor(open: () => void) {
    this.#button = button('', open, { class: 'trace', 'aria-pressed': 'false' });
    this.#button.append(this.#name, this.#took, this.#facts);
    this.element = element('li', {}, this.#button);
  }

  show({ traceId, name, startMs, durationMs, spans, attempts, outcome }: TraceLine, open: boolean): void {
    this.#button.dataset['trace'] = traceId;
    mark(this.#button, 'aria-pressed', String(open));
    mark(this.#button, 'data-tone', TONES[outcome]);
    say(this.#name, name);
    say(this.#took, duration(durationMs));
    const facts = [
      timeOfDay(startMs),
      plural(spans, 'span'),
      ...(attempts > 1 ? [`${attempts} attempts`] : []),
      ...(outcome === 'fine' ? [] : [outcome]),
    ];
    say(this.#facts, facts.join(' · '));
  }
}

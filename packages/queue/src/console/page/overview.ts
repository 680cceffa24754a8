import type { ConsoleState, Counts, QueueState, State } from '../protocol.ts';
import { setPaused } from './acts.ts';
import { Curve } from './curve.ts';
import { button, cell, element, link, row, rowHead, say, table, tableBody, type Column } from './dom.ts';
import { count, duration, rate } from './format.ts';
import { hrefOfJobs, STATES } from './place.ts';
import type { Session } from './session.ts';

const FIGURES: Readonly<Record<State, Column>> = {
  waiting: ['Waiting', 'number'],
  delayed: ['Delayed', 'number'],
  active: ['Active', 'number'],
  completed: ['Completed', 'number'],
  dead: ['Dead', 'number'],
};
const OLDEST: Column = ['Oldest', 'number'];
const BACKLOG: Column = ['Backlog', 'words'];
const CLAIMS: Column = ['Claims', 'words'];

/** The figures of all queues. Rows are made once and their texts changed, so that a poll moves neither the focus nor the reader. */
export class Overview {
  readonly #host: HTMLElement;
  readonly #session: Session;
  #rows = new Map<string, QueueRow>();
  #made = '';

  constructor(host: HTMLElement, session: Session) {
    this.#host = host;
    this.#session = session;
  }

  show({ role, queues }: ConsoleState): void {
    const wanted = JSON.stringify([role, queues.map(({ key }) => key)]);
    if (wanted !== this.#made) this.#make(queues);
    this.#made = wanted;
    for (const queue of queues) this.#rows.get(queue.key)?.show(queue);
  }

  #make(queues: readonly QueueState[]): void {
    this.#rows = new Map(queues.map(({ key }) => [key, new QueueRow(key, this.#session)]));
    const columns = [['Queue', 'words'] as const, ...STATES.map((state) => FIGURES[state]), OLDEST, BACKLOG, CLAIMS];
    const rows = [...this.#rows.values()].map(({ element }) => element);
    this.#host.replaceChildren(table('Queues', columns, tableBody(...rows)));
    if (this.#session.role !== 'counts') return;
    this.#host.append(element('p', { class: 'note' }, 'Jobs are shown to those whom the console’s authorize lets in.'));
  }
}

class QueueRow {
  readonly element: HTMLTableRowElement;
  readonly #key: string;
  readonly #figures = new Map<State, HTMLElement>();
  readonly #trouble = element('p', { class: 'trouble' });
  readonly #oldest = cell(OLDEST);
  readonly #rate = element('span');
  readonly #curve = new Curve();
  readonly #claims = element('span');
  readonly #toggle: HTMLButtonElement;
  #paused = false;

  constructor(key: string, session: Session) {
    this.#key = key;
    for (const state of STATES) this.#figures.set(state, session.role === 'counts' ? element('span') : link('', hrefOfJobs(key, state)));
    this.#toggle = button('Pause', () => void setPaused(session, key, !this.#paused));
    this.#toggle.hidden = session.role !== 'operate';
    const figures = STATES.map((state) => cell(FIGURES[state], this.#figures.get(state)!));
    const backlog = cell(BACKLOG, element('div', { class: 'trend' }, this.#rate, this.#curve.element));
    const claims = cell(CLAIMS, element('div', { class: 'trend' }, this.#claims, this.#toggle));
    this.element = row(rowHead(key, this.#trouble), ...figures, this.#oldest, backlog, claims);
  }

  show({ counts, error, backlogPerSecond, deadPerSecond, backlogs }: QueueState): void {
    say(this.#trouble, error === undefined ? '' : `${error.message} (${error.code})`);
    this.#trouble.hidden = error === undefined;
    for (const state of STATES) this.#showFigure(state, counts, deadPerSecond);
    say(this.#oldest, counts === undefined ? '?' : duration(counts.oldestAgeMs));
    say(this.#rate, backlogPerSecond === undefined ? '–' : rate(backlogPerSecond));
    this.#curve.show(backlogs);
    if (counts !== undefined) this.#showPaused(counts.paused);
  }

  #showFigure(state: State, counts: Counts | undefined, deadPerSecond: number | undefined): void {
    const target = this.#figures.get(state)!;
    // A figure that is not known is not shown as the last one that was.
    say(target, counts === undefined ? '?' : count(counts[state]));
    if (target instanceof HTMLAnchorElement) target.setAttribute('aria-label', `${target.textContent ?? ''} ${state}, ${this.#key}`);
    if (state === 'dead') target.classList.toggle('warn', (counts?.dead ?? 0) > 0 && (deadPerSecond ?? 0) > 0);
  }

  #showPaused(paused: boolean): void {
    this.#paused = paused;
    say(this.#claims, paused ? 'paused' : 'going on');
    this.#claims.classList.toggle('warn', paused);
    const verb = paused ? 'Resume' : 'Pause';
    say(this.#toggle, verb);
    this.#toggle.setAttribute('aria-label', `${verb} ${this.#key}`);
  }
}

import type { JobLine, JobPage } from '../protocol.ts';
import { takeAll, takeOne } from './acts.ts';
import { getJobs } from './api.ts';
import { nowMs } from './clock.ts';
import { button, cell, element, link, row, rowHead, table, tableBody, type Column } from './dom.ts';
import { count, moment, timeOfDay } from './format.ts';
import { AT, hrefOfJob, hrefOfJobs, STATES, type Place } from './place.ts';
import type { Session } from './session.ts';

type JobsPlace = Extract<Place, { kind: 'jobs' }>;

const LIMIT = 25;

const ENQUEUED: Column = ['Enqueued', 'words'];
const ATTEMPTS: Column = ['Failed attempts', 'number'];
const ERROR: Column = ['Last error', 'words'];
const DO: Column = ['Do', 'words'];

/** The jobs of one state, a page of them; as they were when it was loaded, so that no row moves under a hand. */
export class JobList {
  readonly #host: HTMLElement;
  readonly #session: Session;
  readonly #place: JobsPlace;
  readonly #deadNow: () => number;
  readonly #body = tableBody();

  constructor(host: HTMLElement, session: Session, place: JobsPlace, deadNow: () => number) {
    this.#host = host;
    this.#session = session;
    this.#place = place;
    this.#deadNow = deadNow;
  }

  /** Loads the page and shows it; resolves to its heading. */
  async show(): Promise<HTMLElement> {
    const { queue, state, skip } = this.#place;
    const page = await getJobs(queue, state, skip, LIMIT);
    const heading = element('h2', { attributes: { tabindex: '-1' } }, `${queue}: ${state} jobs`);
    this.#body.replaceChildren(...page.jobs.map((job) => this.#row(job)));
    const list = page.jobs.length === 0 ? element('p', { class: 'note' }, `No ${state} jobs${skip > 0 ? ' here' : ''}.`) : this.#table();
    this.#host.replaceChildren(heading, this.#states(), this.#buttons(page), list, this.#pager(page));
    return heading;
  }

  #table(): HTMLTableElement {
    const { queue, state } = this.#place;
    const at = AT[state];
    const columns: Column[] = [['Job', 'words'], ENQUEUED, ...(at === undefined ? [] : [[at, 'words'] as const]), ATTEMPTS, ERROR];
    if (this.#acts()) columns.push(DO);
    return table(`${state} jobs of ${queue}`, columns, this.#body);
  }

  #row(job: JobLine): HTMLTableRowElement {
    const { queue, state } = this.#place;
    const at = AT[state];
    const reason = job.deadReason === undefined ? [] : [element('div', {}, job.deadReason)];
    const error = element('div', { class: 'short' }, job.lastError ?? '');
    return row(
      rowHead(link(job.id, hrefOfJob(queue, job.id))),
      cell(ENQUEUED, when(job.enqueuedAtMs)),
      ...(at === undefined ? [] : [cell([at, 'words'], when(job.atMs ?? 0))]),
      cell(ATTEMPTS, count(job.failedAttempts)),
      cell(ERROR, element('div', {}, ...reason, error)),
      ...(this.#acts() ? [this.#rowButtons(job.id)] : []),
    );
  }

  #rowButtons(id: string): HTMLTableCellElement {
    const one = (action: 'redrive' | 'purge') => void this.#takeOne(action, id);
    const buttons = element('div', { class: 'buttons' });
    buttons.append(
      button('Redrive', () => one('redrive'), `Redrive ${id}`),
      button('Purge', () => one('purge'), `Purge ${id}`, true),
    );
    return cell(DO, buttons);
  }

  /** The row goes; the keyboard goes on with the next one, or the heading when there is none. */
  async #takeOne(action: 'redrive' | 'purge', id: string): Promise<void> {
    if (!(await takeOne(this.#session, action, this.#place.queue, id))) return;
    const rows = [...this.#body.rows];
    const at = rows.findIndex((row) => row.cells[0]?.textContent === id);
    rows[at]?.remove();
    const next = this.#body.rows[Math.min(at, this.#body.rows.length - 1)];
    if (next === undefined) return (await this.show()).focus();
    next.querySelectorAll('button')[action === 'redrive' ? 0 : 1]?.focus();
  }

  #buttons({ jobs }: JobPage): HTMLElement {
    const reload = async () => (await this.show()).focus();
    const bar = element(
      'div',
      { class: 'buttons' },
      button('Reload', () => void reload()),
    );
    if (this.#acts() && jobs.length > 0) {
      const all = async (action: 'redrive' | 'purge') => {
        const dead = Math.max(this.#deadNow(), this.#body.rows.length);
        if (await takeAll(this.#session, action, this.#place.queue, dead)) await reload();
      };
      bar.append(
        button('Redrive all', () => void all('redrive')),
        button('Purge all', () => void all('purge'), 'Purge all', true),
      );
    }
    bar.append(element('span', { class: 'note' }, `as of ${timeOfDay(nowMs())}`));
    return bar;
  }

  #states(): HTMLElement {
    const { queue, state } = this.#place;
    const links = STATES.map((one) => {
      const made = link(one, hrefOfJobs(queue, one));
      if (one === state) made.setAttribute('aria-current', 'page');
      return element('li', {}, made);
    });
    return element('nav', { attributes: { 'aria-label': 'States' } }, element('ul', {}, ...links));
  }

  #pager({ skip, limit, more }: JobPage): HTMLElement {
    const { queue, state } = this.#place;
    const links = [
      ...(skip > 0 ? [link('Older jobs', hrefOfJobs(queue, state, Math.max(0, skip - limit)))] : []),
      ...(more ? [link('Newer jobs', hrefOfJobs(queue, state, skip + limit))] : []),
    ];
    const list = element('ul', {}, ...links.map((one) => element('li', {}, one)));
    const pager = element('nav', { attributes: { 'aria-label': 'Pages' } }, list);
    pager.hidden = links.length === 0;
    return pager;
  }

  #acts(): boolean {
    return this.#session.role === 'operate' && this.#place.state === 'dead';
  }
}

function when(ms: number): string {
  return ms > 0 ? moment(ms) : 'unknown';
}

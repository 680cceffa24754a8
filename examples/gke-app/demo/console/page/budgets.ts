import type { Board, Greeting, ObjectiveView } from '../protocol.ts';
import { byId, element, KeyedList, mark, place, say } from './dom.ts';
import { factor, percent } from './format.ts';

const SOURCES: Readonly<Record<Board['source'], string>> = {
  prometheus: 'As the generated rules see it, from Prometheus.',
  counters: 'Without Prometheus: worked out from the counters of the services since they started.',
  silent: 'Prometheus does not answer: worked out from the counters of the services since they started.',
};

/** How much of each error budget is left, and how fast it goes. */
export class Budgets {
  readonly #rows = new KeyedList<ObjectiveView, BudgetRow>(
    byId('objectives'),
    ({ service, name }) => `${service} ${name}`,
    (objective) => new BudgetRow(objective),
  );

  #note = '';

  begin({ objectivesNote }: Greeting): void {
    this.#note = objectivesNote === '' ? '' : ` Mind the ${objectivesNote}.`;
  }

  show({ objectives, source }: Board): void {
    say(byId('budgets-source'), `${SOURCES[source]}${this.#note}`);
    this.#rows.show(objectives, (row, objective) => row.show(objective));
  }
}

class BudgetRow {
  readonly element: HTMLElement;
  readonly #left = element('span', { class: 'budget-left' });
  readonly #burn = element('p', { class: 'budget-burn' });
  readonly #fill = element('span', { class: 'budget-fill' });

  constructor({ name, service, objective, description }: ObjectiveView) {
    const title = element('h3', {}, name, element('small', {}, ` ${objective.replace('%', ' %')} · ${service}`));
    const bar = element('span', { class: 'budget-bar', 'aria-hidden': 'true' }, this.#fill);
    this.element = element('li', { title: description }, element('div', { class: 'budget-head' }, title, this.#left), bar, this.#burn);
  }

  show(objective: ObjectiveView): void {
    const { remaining, window } = objective;
    const left = remaining === undefined ? undefined : Math.max(0, Math.min(1, remaining));
    say(
      this.#left,
      remaining === undefined ? 'no events yet' : remaining < 0 ? `overspent ${factor(1 - remaining)}` : `${percent(remaining)} left`,
    );
    say(this.#burn, `${burnText(objective)} Budget: ${window}.`);
    place(this.#fill, { 'inline-size': `${(left ?? 1) * 100}%` });
    mark(this.element, 'data-left', left === 0 ? 'none' : 'some');
    mark(this.element, 'data-tone', toneOf(objective));
  }
}

function burnText({ burn, burnWindow, burnLong, burnLongWindow, pageFactor }: ObjectiveView): string {
  if (burn === undefined) return 'Nothing measured.';
  const long = burnLong === undefined || burnLongWindow === undefined ? '' : `, ${factor(burnLong)} over ${burnLongWindow}`;
  const limit = pageFactor === undefined ? '' : ` Pages above ${factor(pageFactor)}.`;
  return `Burns ${factor(burn)} over ${burnWindow}${long}.${limit}`;
}

function toneOf({ burn = 0, pageFactor = Number.POSITIVE_INFINITY, remaining = 1 }: ObjectiveView): string {
  if (burn > pageFactor || remaining < 0) return 'bad';
  return burn > 1 || remaining < 0.25 ? 'uneasy' : 'calm';
}

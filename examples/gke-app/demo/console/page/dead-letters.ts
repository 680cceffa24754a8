import type { DeadLetterView } from '../protocol.ts';
import { reason, redriveAll, redriveOne } from './api.ts';
import { announce, button, byId, element, KeyedList, say } from './dom.ts';
import { plural } from './format.ts';

/** What was given up: why, and the way back. */
export class DeadLetters {
  readonly #list = element('ul');
  readonly #note = element('p', { class: 'note' });
  readonly #all: HTMLButtonElement;
  readonly #rows: KeyedList<DeadLetterView, DeadLetterRow>;

  constructor(showTrace: (traceId: string) => void) {
    this.#all = button('Redrive all', () => void this.#take(redriveAll));
    this.#rows = new KeyedList(
      this.#list,
      ({ id }) => id,
      (letter) => new DeadLetterRow(letter, showTrace, () => void this.#take(() => redriveOne(letter.id))),
    );
    const more = element('a', { href: '/queues/' }, 'All of them, and purging, under Queues');
    byId('dead-list').append(this.#note, this.#list, element('p', { class: 'actions' }, this.#all, more));
  }

  show(letters: readonly DeadLetterView[], dead: number | undefined): void {
    this.#rows.show(letters, () => {});
    // A button that is hidden would take the focus with it.
    if (letters.length === 0 && document.activeElement === this.#all) byId('dead-title').focus();
    this.#all.hidden = letters.length === 0;
    const rest = (dead ?? 0) - letters.length;
    const none = 'None. A delivery that is refused for good, such as with 410, or that failed 20 times comes here.';
    say(
      this.#note,
      letters.length === 0
        ? none
        : rest > 0
          ? `The oldest ${letters.length}; ${plural(rest, 'more')} behind them.`.replace('mores', 'more')
          : '',
    );
  }

  async #take(act: () => Promise<{ readonly redriven: number }>): Promise<void> {
    say(byId('dead-trouble'), '');
    const inList = this.#list.contains(document.activeElement);
    try {
      const { redriven } = await act();
      announce(`Redriven: ${plural(redriven, 'dead letter')}`);
      // The row with the button goes away; the focus must not go with it.
      if (inList) this.#all.focus();
    } catch (error) {
      say(byId('dead-trouble'), reason(error));
    }
  }
}

class DeadLetterRow {
  readonly element: HTMLElement;

  constructor(letter: DeadLetterView, showTrace: (traceId: string) => void, redrive: () => void) {
    const { id, destination, reason, error, attempts, traceId } = letter;
    const head = element('p', { class: 'letter-head' }, element('code', {}, id), element('span', {}, `to ${destination}`));
    const why = element('p', { class: 'letter-why' }, `${reason} after ${plural(attempts, 'attempt')}: ${error}`);
    const actions = element('p', { class: 'actions' }, button('Redrive', redrive, { 'aria-label': `Redrive ${id}` }));
    if (traceId !== undefined)
      actions.append(button('Trace', () => showTrace(traceId), { class: 'quiet', 'aria-label': `Trace of ${id}` }));
    this.element = element('li', {}, head, why, actions);
  }
}

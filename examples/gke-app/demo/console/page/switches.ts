import type { SwitchView } from '../protocol.ts';
import { reason, setSwitch } from './api.ts';
import { announce, button, byId, element, KeyedList, mark, say } from './dom.ts';

/** What can be broken: switches that stay, and buttons for what happens once. */
export class Switches {
  readonly #rows = new KeyedList<SwitchView, SwitchRow>(
    byId('switches'),
    ({ id }) => id,
    (view) => new SwitchRow(view, (views) => this.show(views)),
  );

  show(views: readonly SwitchView[]): void {
    this.#rows.show(views, (row, view) => row.show(view));
    byId('break').hidden = views.length === 0;
  }
}

class SwitchRow {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #pulse: boolean;
  #on = false;
  #busy = false;

  constructor({ id, title, expect, kind }: SwitchView, refresh: (views: readonly SwitchView[]) => void) {
    const described = `expect-${id}`;
    this.#pulse = kind === 'pulse';
    this.#button = button('', () => void this.#press(id, title, refresh), {
      'aria-describedby': described,
      ...(this.#pulse ? { class: 'pulse' } : { class: 'switch', role: 'switch', 'aria-checked': 'false' }),
    });
    this.#button.append(element('span', { class: 'knob', 'aria-hidden': 'true' }), element('span', {}, title));
    this.element = element('li', {}, this.#button, element('p', { id: described, class: 'expect' }, expect));
  }

  show({ on }: SwitchView): void {
    this.#on = on;
    if (!this.#pulse) mark(this.#button, 'aria-checked', String(on));
  }

  async #press(id: string, title: string, refresh: (views: readonly SwitchView[]) => void): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    mark(this.#button, 'aria-busy', 'true');
    say(byId('break-trouble'), '');
    try {
      const on = this.#pulse || !this.#on;
      const { switches } = await setSwitch(id, on);
      refresh(switches);
      announce(this.#pulse ? `${title}: done` : `${title}: ${on ? 'on' : 'off'}`);
    } catch (error) {
      say(byId('break-trouble'), reason(error));
    } finally {
      this.#busy = false;
      mark(this.#button, 'aria-busy', 'false');
    }
  }
}

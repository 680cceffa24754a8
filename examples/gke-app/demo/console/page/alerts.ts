import type { AlertView, Board } from '../protocol.ts';
import { byId, element, KeyedList, mark, say } from './dom.ts';
import { duration } from './format.ts';

/** The alerts that Prometheus has on: those that fire first, then those that wait whether it passes. */
export class Alerts {
  readonly #rows = new KeyedList<AlertView, AlertRow>(
    byId('alert-list'),
    ({ name, tier, severity }) => `${name} ${tier} ${severity}`,
    () => new AlertRow(),
  );

  show({ alerts, source, point }: Board): void {
    const sorted = alerts.toSorted((a, b) => a.state.localeCompare(b.state) || a.sinceMs - b.sinceMs);
    this.#rows.show(sorted, (row, alert) => row.show(alert, point.atMs));
    const none = alerts.length > 0 ? '' : 'No alert fires.';
    say(
      byId('alerts-note'),
      source === 'counters'
        ? 'There is no Prometheus here, so nothing can fire.'
        : source === 'silent'
          ? 'Prometheus does not answer.'
          : none,
    );
  }
}

class AlertRow {
  readonly element: HTMLElement;
  readonly #name = element('b');
  readonly #since = element('span', { class: 'since' });
  readonly #summary = element('p');

  constructor() {
    this.element = element('li', {}, element('p', { class: 'alert-head' }, this.#name, this.#since), this.#summary);
  }

  show({ name, severity, state, sinceMs, summary }: AlertView, nowMs: number): void {
    say(this.#name, `${name}, ${severity}`);
    say(this.#since, `${state} for ${duration(Math.max(1000, nowMs - sinceMs))}`);
    say(this.#summary, summary);
    mark(this.element, 'data-tone', state === 'pending' ? 'calm' : severity === 'page' ? 'bad' : 'uneasy');
  }
}

import type { Happening } from '../protocol.ts';
import { byId, element, KeyedList } from './dom.ts';
import { timeOfDay } from './format.ts';

/** The log, the newest first. */
export class HappeningList {
  readonly #rows = new KeyedList<Happening, { readonly element: Element }>(
    byId('happenings'),
    ({ number }) => String(number),
    (happening) => ({ element: row(happening) }),
  );

  show(happenings: readonly Happening[]): void {
    this.#rows.show(happenings, () => {});
  }
}

function row({ atMs, bad, kind, text }: Happening): Element {
  const time = element('time', { datetime: new Date(atMs).toISOString() }, timeOfDay(atMs));
  return element('li', { 'data-tone': bad ? 'bad' : 'calm', 'data-kind': kind }, time, element('span', {}, text));
}

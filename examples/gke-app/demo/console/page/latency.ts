import type { Board, Percentiles } from '../protocol.ts';
import { byId, element, say } from './dom.ts';
import { quantile } from './format.ts';

const ROWS = {
  accept: ['Accept', 'POST /process, until 202'],
  wait: ['Wait', 'from the queue to the first attempt'],
  attempt: ['Attempt', 'one try to deliver'],
  whole: ['End to end', 'until delivered, from the traces'],
} as const;

const QUANTILES = ['p50', 'p95', 'p99'] as const;

/** The percentiles of the last minute, from the buckets of each process. */
export class Latency {
  readonly #cells = new Map<string, HTMLElement>();

  constructor() {
    const head = element(
      'tr',
      {},
      element('th', { scope: 'col' }, 'Step'),
      ...QUANTILES.map((name) => element('th', { scope: 'col' }, name)),
    );
    const rows = Object.entries(ROWS).map(([step, [name, meaning]]) => {
      const cells = QUANTILES.map((quantile) => {
        const cell = element('td');
        this.#cells.set(`${step} ${quantile}`, cell);
        return cell;
      });
      return element('tr', {}, element('th', { scope: 'row' }, name, element('small', {}, meaning)), ...cells);
    });
    byId('latency-table').append(
      element('table', { 'aria-labelledby': 'latency-title' }, element('thead', {}, head), element('tbody', {}, ...rows)),
    );
  }

  show(board: Pick<Board, keyof typeof ROWS>): void {
    for (const step of Object.keys(ROWS) as (keyof typeof ROWS)[]) {
      const percentiles: Percentiles = board[step];
      for (const name of QUANTILES) say(this.#cells.get(`${step} ${name}`)!, quantile(percentiles[name], percentiles));
    }
  }
}

import type { Firing } from '../simulate/evaluate.ts';
import type { EventHistory } from '../simulate/history.ts';
import { allowedBad, remainingAt } from '../simulate/consumption.ts';
import type { Slo } from '../objective.ts';
import { percent, spell } from '../report/moment.ts';
import type { Terminal } from './command.ts';

const bars = '▁▂▃▄▅▆▇█';
const widest = 72;

/** The error budget over time in one line, and in words. */
export function burnDown(slo: Slo, history: EventHistory, terminal: Terminal): string[] {
  const width = widthOf(terminal);
  const allowed = allowedBad(slo, history);
  const seconds = (history.total.length - 1) * history.stepSeconds;
  const values = Array.from({ length: width }, (_, column) =>
    remainingAt(slo, history, allowed, history.startSeconds + (seconds * (column + 1)) / width),
  );
  const line = values.map((value) => bars[Math.min(bars.length - 1, Math.max(0, Math.floor(value * bars.length)))]).join('');
  const last = values.at(-1) ?? 1;
  return [`budget     ${paint(terminal, last > 0 ? 'green' : 'red', line)} ${percent(last)} left`];
}

/** One line for each alert: where it fires. */
export function timeline(
  firings: readonly Firing[],
  { startSeconds, stepSeconds, total }: EventHistory,
  outages: readonly { readonly startSeconds: number; readonly seconds: number }[],
  terminal: Terminal,
): string[] {
  const width = widthOf(terminal);
  const seconds = (total.length - 1) * stepSeconds;
  const draw = (spans: readonly (readonly [number, number])[], mark: string) => {
    const cells = Array.from({ length: width }, () => '·');
    for (const [from, to] of spans) {
      const first = Math.floor(((from - startSeconds) / seconds) * width);
      const last = Math.max(first, Math.ceil(((to - startSeconds) / seconds) * width) - 1);
      for (let cell = Math.max(0, first); cell <= Math.min(width - 1, last); cell++) cells[cell] = mark;
    }
    return cells.join('');
  };
  const rows: string[] = [];
  if (outages.length > 0)
    rows.push(
      `outages    ${draw(
        outages.map((one) => [one.startSeconds, one.startSeconds + one.seconds]),
        '▒',
      )}`,
    );
  for (const alert of new Set(firings.map((one) => one.alert))) {
    const own = firings.filter((one) => one.alert === alert);
    const spans = own.map(({ firedSeconds, resolvedSeconds }) => [firedSeconds, resolvedSeconds ?? startSeconds + seconds] as const);
    rows.push(`${alert.padEnd(10)} ${paint(terminal, own[0]?.severity === 'page' ? 'red' : 'yellow', draw(spans, '█'))} ${own.length}×`);
  }
  rows.push(`${''.padEnd(10)} ${'0'.padEnd(width - spell(seconds).length)}${spell(seconds)}`);
  return rows;
}

const codes = { red: 31, green: 32, yellow: 33 } as const;

/** Colours a text, on a terminal that shows colours. */
export function paint({ colours }: Terminal, colour: keyof typeof codes, text: string): string {
  return colours ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text;
}

/** Columns of text, each as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function widthOf({ columns: wide }: Terminal): number {
  return Math.max(20, Math.min(widest, wide - 28));
}

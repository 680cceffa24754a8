import type { Row } from './verify.ts';

/** The rows for people, in columns. */
export function tableOf(rows: readonly Row[]): string[] {
  const width = (column: 'check' | 'outcome') => Math.max(...rows.map((row) => row[column].length));
  const [check, outcome] = [width('check'), width('outcome')];
  return rows.map((row) => `${row.check.padEnd(check)}  ${row.outcome.padEnd(outcome)}  ${row.detail}`.trimEnd());
}

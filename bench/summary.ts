/** Both sides of one measurement over all runs. */
export interface Row {
  readonly what: string;
  readonly better: 'more' | 'less';
  readonly ours: Spread;
  readonly peer: Spread;
  /** Median of ours over median of the peer's. */
  readonly ratio: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function summarise(what: string, better: Row['better'], ours: readonly number[], peer: readonly number[]): Row {
  const [a, b] = [spread(ours), spread(peer)];
  return { what, better, ours: a, peer: b, ratio: a.median / b.median };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** A table for people: medians, ranges, ratio. */
export function table(rows: readonly Row[], peerName: string): string {
  const cells = rows.map(({ what, ours, peer, ratio }) => [what, show(ours), show(peer), `${ratio.toPrecision(3)}×`]);
  const all = [['', 'nines: median (range)', `${peerName}: median (range)`, 'ratio'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .join('\n');
}

function show({ median, min, max }: Spread): string {
  return `${round(median)} (${round(min)}–${round(max)})`;
}

function round(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

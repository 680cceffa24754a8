/** What a figure shall reach: `ratio` to the first peer, `value` of ours, or the `worst` of ours; at most it where less is better, else at least. */
export interface Goal {
  readonly of: 'ratio' | 'value' | 'worst';
  readonly must: number;
  readonly aim?: number;
}

/** One figure of all peers over all runs. */
export interface Row {
  readonly what: string;
  readonly better: 'more' | 'less';
  readonly ours: Spread;
  /** By the peer's name. */
  readonly peers: Readonly<Record<string, Spread>>;
  /** Median of ours over median of the first peer's; undefined without a peer, or when that is 0. */
  readonly ratio: number | undefined;
  readonly goal: Goal | undefined;
  readonly verdict: 'aim met' | 'met' | 'missed' | undefined;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Figures {
  readonly what: string;
  readonly better: Row['better'];
  readonly ours: readonly number[];
  readonly peers: Readonly<Record<string, readonly number[]>>;
  readonly goal: Goal | undefined;
}

export function summarise({ what, better, ours, peers, goal }: Figures): Row {
  const own = spread(ours);
  const others = Object.fromEntries(Object.entries(peers).map(([name, values]) => [name, spread(values)]));
  const first = Object.values(others)[0];
  const ratio = first === undefined || first.median === 0 ? undefined : own.median / first.median;
  const worst = better === 'more' ? own.min : own.max;
  const judged = { ratio, value: own.median, worst }[goal?.of ?? 'value'];
  return { what, better, ours: own, peers: others, ratio, goal, verdict: verdictOf(better, judged, goal) };
}

function verdictOf(better: Row['better'], judged: number | undefined, goal: Goal | undefined): Row['verdict'] {
  if (goal === undefined || judged === undefined) return undefined;
  const reaches = (bound: number) => (better === 'more' ? judged >= bound : judged <= bound);
  if (!reaches(goal.must)) return 'missed';
  return goal.aim !== undefined && reaches(goal.aim) ? 'aim met' : 'met';
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle - 0.5)]! + sorted[Math.ceil(middle - 0.5)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** A table in Markdown: medians, ranges, ratio to the first peer, goal. */
export function table(rows: readonly Row[]): string {
  const head = ['', 'nines: median (range)', 'peers: median (range)', 'ratio', 'goal', 'verdict'];
  const all = [head, head.map(() => '---'), ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return all.map(line).join('\n');
}

function cells({ what, better, ours, peers, ratio, goal, verdict }: Row): string[] {
  const others = Object.entries(peers).map(([name, value]) => `${name} ${show(value)}`);
  const sign = better === 'more' ? '≥' : '≤';
  const unit = goal?.of === 'ratio' ? '×' : '';
  const bounds = goal === undefined ? [] : [goal.must, goal.aim].filter((bound) => bound !== undefined);
  const wanted = bounds.map((bound) => `${sign} ${round(bound)}${unit}`).join(', aim ');
  return [what, show(ours), others.join('; '), ratio === undefined ? '' : `${round(ratio)}×`, wanted, verdict ?? ''];
}

function show({ median, min, max }: Spread): string {
  return `${round(median)} (${round(min)}–${round(max)})`;
}

function round(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

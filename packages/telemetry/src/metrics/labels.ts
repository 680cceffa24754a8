import { TelemetryError } from '../errors.ts';
import { refuseUnknown, text, whole } from '../options.ts';

/** Label values of one series. */
export type Labels = Readonly<Record<string, string | number>>;

/** Options shared by each instrument. */
export interface InstrumentOptions {
  /** Prometheus name, unit last, counters end in `_total`. */
  readonly name: string;
  /** One line of help. */
  readonly help: string;
  /** Names of the labels, at most 10. Default none. */
  readonly labelNames?: readonly string[];
  /** Most series kept; what comes after goes to one series whose labels are all `overflow`. Default 2000. */
  readonly seriesLimit?: number;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;
const separator = '\u0000';
const overflow = 'overflow';

/** Checks the options of an instrument. */
export function checkInstrument(options: InstrumentOptions, more: readonly string[] = []): void {
  refuseUnknown('instrument', options, ['name', 'help', 'labelNames', 'seriesLimit', ...more]);
  const name = text('name', options.name);
  text('help', options.help, 1000);
  if (!metricName.test(name))
    throw new TelemetryError('INVALID_OPTION', `name must be a Prometheus metric name, got ${JSON.stringify(name)}`);
  for (const label of options.labelNames ?? []) {
    if (!labelName.test(label) || label === 'le') {
      throw new TelemetryError('INVALID_OPTION', `labelNames must hold Prometheus label names, got ${JSON.stringify(label)}`);
    }
  }
  if ((options.labelNames?.length ?? 0) > 10) {
    throw new TelemetryError('INVALID_OPTION', `labelNames must hold at most 10 names, got ${options.labelNames?.length}`);
  }
}

/** The series of one instrument, bounded: one cell a label combination, and one cell for all that is over the limit. */
export interface Series<Cell> {
  /** The cell for these labels; unknown labels are dropped, missing ones are empty. Never throws. */
  cell(labels?: Labels): Cell;
  /** Each cell with its labels. */
  all(): Iterable<readonly [Labels, Cell]>;
  /** Starts again from nothing. */
  clear(): void;
}

/** Creates bounded series whose cells come from `create`. */
export function createSeries<Cell>(options: InstrumentOptions, create: () => Cell): Series<Cell> {
  const names = options.labelNames ?? [];
  const limit = whole('seriesLimit', options.seriesLimit, 2000, 1, 100_000);
  const cells = new Map<string, readonly [Labels, Cell]>();
  const add = (key: string, labels: Labels): Cell => {
    const created = create();
    cells.set(key, [labels, created]);
    return created;
  };
  if (names.length === 0) add('', {});
  return {
    cell(labels = {}) {
      const key = names.map((name) => String(labels[name] ?? '')).join(separator);
      const found = cells.get(key);
      if (found !== undefined) return found[1];
      const full = cells.size >= limit;
      const overflowKey = names.map(() => overflow).join(separator);
      if (full && cells.has(overflowKey)) return (cells.get(overflowKey) as readonly [Labels, Cell])[1];
      return full
        ? add(overflowKey, Object.fromEntries(names.map((name) => [name, overflow])))
        : add(key, Object.fromEntries(names.map((name) => [name, String(labels[name] ?? '')])));
    },
    all: () => cells.values(),
    clear() {
      cells.clear();
      if (names.length === 0) add('', {});
    },
  };
}

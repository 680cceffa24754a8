import { TelemetryError } from '../errors.ts';
import { refuseUnknown, text } from '../options.ts';

/** Label values of one series; a name that was not declared is a compile error. A label left out is empty. */
export type Labels<Names extends string = string> = [Names] extends [never]
  ? Readonly<Record<string, never>>
  : { readonly [Name in Names]?: string | number };

/** Options shared by each instrument. */
export interface InstrumentOptions<Names extends string = string> {
  /** Prometheus name, unit last, counters end in `_total`. */
  readonly name: string;
  /** One line of help. */
  readonly help: string;
  /** Names of the labels, at most 10. Default none. */
  readonly labelNames?: readonly Names[];
  /** Most series kept; what comes after goes to one series whose labels are all `overflow`. Default that of the registry, else 2000. */
  readonly seriesLimit?: number;
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/u;

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

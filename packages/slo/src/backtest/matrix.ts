import { SloError } from '../errors.ts';
import { show } from '../show.ts';

/** The answer of Prometheus's `/api/v1/query_range`, or its `data`, or the list of series in it. */
export type QueryRangeAnswer =
  | { readonly status: string; readonly data?: unknown }
  | { readonly resultType: string; readonly result: unknown }
  | readonly unknown[];

/** One counter as it was recorded. */
export interface CounterSeries {
  /** Its labels, in one text that tells series apart. */
  readonly key: string;
  /** Milliseconds since 1970, rising. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

const mostSeries = 10_000;
const mostSamples = 20_000_000;

/** Reads every series of an answer; `name` is the option that a message speaks of. An answer without series is fine: there were no such events. */
export function readMatrix(name: string, answer: QueryRangeAnswer): CounterSeries[] {
  const { list, path } = resultOf(name, answer);
  if (list.length > mostSeries) throw invalid(path, `at most ${mostSeries} series`, list.length);
  let samples = 0;
  const series = list.map((one, index) => {
    const read = readSeries(`${path}[${index}]`, one);
    samples += read.times.length;
    if (samples > mostSamples) throw invalid(path, `at most ${mostSamples} samples`, samples);
    return read;
  });
  return joined(series);
}

function resultOf(name: string, answer: QueryRangeAnswer): { readonly list: readonly unknown[]; readonly path: string } {
  if (Array.isArray(answer)) return { list: answer as readonly unknown[], path: name };
  const status = field(answer, 'status');
  if (status !== undefined && status !== 'success') {
    throw invalid(`${name}.status`, `"success"`, status, show(field(answer, 'error') ?? 'no error text'));
  }
  const [data, path] = status === undefined ? [answer as unknown, name] : [field(answer, 'data'), `${name}.data`];
  const type = field(data, 'resultType');
  if (type !== 'matrix') throw invalid(`${path}.resultType`, '"matrix", the answer of query_range', type);
  const list = field(data, 'result');
  if (!Array.isArray(list)) throw invalid(`${path}.result`, 'a list of series', list);
  return { list: list as readonly unknown[], path: `${path}.result` };
}

function readSeries(path: string, one: unknown): CounterSeries {
  const values = field(one, 'values');
  if (!Array.isArray(values)) {
    const native = field(one, 'histograms') !== undefined;
    throw invalid(`${path}.values`, native ? 'plain numbers, not native histograms' : 'a list of [seconds, "value"]', values);
  }
  const times = new Float64Array(values.length);
  const numbers = new Float64Array(values.length);
  for (const [index, sample] of (values as readonly unknown[]).entries()) {
    const at = `${path}.values[${index}]`;
    const [seconds, value] = Array.isArray(sample) ? (sample as readonly unknown[]) : [];
    if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw invalid(at, '[seconds, "value"]', sample);
    times[index] = Math.round(seconds * 1_000);
    numbers[index] = number(at, value);
    if (index > 0 && times[index] <= times[index - 1]!) throw invalid(at, `a time after ${times[index - 1]! / 1_000}`, seconds);
  }
  return { key: keyOf(`${path}.metric`, field(one, 'metric') ?? {}), times, values: numbers };
}

/** Prometheus writes numbers as text, NaN and the infinities too. */
function number(path: string, value: unknown): number {
  const text = String(value).trim();
  if ((typeof value === 'string' || typeof value === 'number') && text !== '') {
    if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const read = Number(text);
    if (!Number.isNaN(read) || text === 'NaN') return read;
  }
  throw invalid(path, 'a number as text, NaN, +Inf or -Inf', value);
}

function keyOf(path: string, metric: unknown): string {
  if (typeof metric !== 'object' || metric === null) throw invalid(path, 'an object of labels', metric);
  const labels = Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(labels);
}

/** Long spans are asked for in parts: the same labels are the same counter, and a reading that two parts have counts once. */
function joined(series: readonly CounterSeries[]): CounterSeries[] {
  const byKey = new Map<string, CounterSeries[]>();
  for (const one of series) byKey.set(one.key, [...(byKey.get(one.key) ?? []), one]);
  return [...byKey.values()].map((parts) => (parts.length === 1 ? parts[0]! : join(parts)));
}

function join(parts: readonly CounterSeries[]): CounterSeries {
  const readings = new Map<number, number>();
  for (const { times, values } of parts) for (const [index, time] of times.entries()) readings.set(time, values[index]!);
  const sorted = [...readings].sort(([a], [b]) => a - b);
  return {
    key: parts[0]!.key,
    times: Float64Array.from(sorted, ([time]) => time),
    values: Float64Array.from(sorted, ([, value]) => value),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

function invalid(path: string, allowed: string, value: unknown, why?: string): SloError {
  return new SloError('INVALID_HISTORY', `${path} must be ${allowed}, got ${show(value)}${why === undefined ? '' : ` (${why})`}`);
}

import { TelemetryError } from '../errors.ts';
import { contentTypes } from './exposition.ts';
import { booleanOption, refuseUnknown, whole } from '../options.ts';
import type { InstrumentDefaults, MetricRegistry, MetricSample, RegisteredMetric } from './registry.ts';

/** What `get` of a metric gives, also of the clients' own metrics. */
interface Collected {
  readonly values?: readonly MetricSample[];
}

const special = /[\\\n"]/gu;
const escapes: Readonly<Record<string, string>> = { '\\': String.raw`\\`, '\n': String.raw`\n`, '"': String.raw`\"` };
const escaped = (text: string): string => text.replace(special, (character) => escapes[character] as string);

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function line(name: string, { metricName = name, labels, value }: MetricSample): string {
  let text = '';
  for (const label in labels) text += `${text === '' ? '{' : ','}${label}="${escaped(String(labels[label]))}"`;
  return `${metricName}${text === '' ? '' : `${text}}`} ${numberText(value)}`;
}

/** Source of the format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
async function textOf(metric: RegisteredMetric): Promise<string> {
  const { name, help, type } = metric;
  const { values = [] } = (await metric.get()) as Collected;
  // In help the quotation mark stands for itself.
  const helpText = help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
  return [`# HELP ${name} ${helpText}`, `# TYPE ${name} ${type}`, ...values.map((sample) => line(name, sample))].join('\n');
}

class TextRegistry implements MetricRegistry {
  readonly contentType: string = contentTypes.text;
  readonly instrumentDefaults: InstrumentDefaults;
  readonly #metrics = new Map<string, RegisteredMetric>();

  constructor(instrumentDefaults: InstrumentDefaults) {
    this.instrumentDefaults = instrumentDefaults;
  }

  registerMetric(metric: object): void {
    const registered = metric as RegisteredMetric;
    const { name } = registered;
    if (this.#metrics.has(name)) throw new TelemetryError('METRIC_CONFLICT', `metric ${name} is already registered`);
    this.#metrics.set(name, registered);
  }

  getSingleMetric(name: string): unknown {
    return this.#metrics.get(name);
  }

  async getSingleMetricAsString(name: string): Promise<string> {
    const metric = this.#metrics.get(name);
    return metric === undefined ? '' : textOf(metric);
  }

  getMetricsAsArray(): readonly object[] {
    return [...this.#metrics.values()];
  }

  async metrics(): Promise<string> {
    const texts = await Promise.all([...this.#metrics.values()].map(textOf));
    return `${texts.join('\n\n')}\n`;
  }
}

/**
 * A new, empty Prometheus registry. Any other registry of the same shape, such as `Registry` of `prom-client`, may be used in its place, and
 * the metrics of those clients may be registered here (`new Counter({ …, registers: [registry] })`).
 *
 * @throws TelemetryError `INVALID_OPTION`
 * @example
 * ```ts
 * import { createRegistry, counter } from '@nines/telemetry/metrics';
 * const registry = createRegistry();
 * counter(registry, { name: 'jobs_total', help: 'Jobs seen.' }).inc();
 * console.log(await registry.metrics());
 * ```
 */
export function createRegistry(options: InstrumentDefaults = {}): MetricRegistry {
  refuseUnknown('registry', options, ['seriesLimit', 'exemplars']);
  const seriesLimit = whole('seriesLimit', options.seriesLimit, 2000, 1, 100_000);
  return new TextRegistry({ seriesLimit, exemplars: booleanOption('exemplars', options.exemplars, false) });
}

import { ResilienceError } from '@nines/resilience';

/** A metric as a registry sees it. Every member is present on the instruments of this package. */
export interface RegisteredMetric {
  readonly name?: string;
  readonly help?: string;
  readonly type?: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** What the metric says now, in the registry's own form. */
  get(): unknown;
}

/** The part of a Prometheus registry that is used: the `Registry` of `prom-client` 15 and of `@prometheus-io/client` 0.16 fit. */
export interface MetricRegistry {
  /** Adds a metric; throws when the name is taken. */
  registerMetric(metric: RegisteredMetric): void;
}

/** One line of the exposition. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Name of the line when it is not that of the metric, such as `x_bucket`. */
  readonly metricName?: string;
}

/** What a {@link Metric} is made of. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** All that must agree when the same name is asked for twice. */
  readonly shape: string;
  readonly samples: () => Sample[];
  readonly reset: () => void;
}

/** An object of the shape the registries ask of a metric. */
export class Metric implements RegisteredMetric {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly shape: string;
  /** How the registries join the metrics of several processes. */
  readonly aggregator = 'sum' as const;
  readonly #name: string;
  readonly #samples: () => Sample[];
  readonly #reset: () => void;
  #nameOnce: string | undefined;

  constructor(definition: MetricDefinition) {
    this.#name = definition.name;
    this.help = definition.help;
    this.type = definition.type;
    this.shape = definition.shape;
    this.#samples = definition.samples;
    this.#reset = definition.reset;
  }

  get name(): string {
    return this.#name;
  }

  /** An OpenMetrics registry renames a counter (`x_total` → `x`) just before it asks for the values, and adds `_total` again itself. */
  set name(name: string) {
    this.#nameOnce = name;
  }

  get(): { name: string; help: string; type: string; values: Sample[]; aggregator: string } {
    const name = this.#nameOnce ?? this.#name;
    this.#nameOnce = undefined;
    return { name, help: this.help, type: this.type, values: this.#samples(), aggregator: this.aggregator };
  }

  reset(): void {
    this.#reset();
  }
}

interface Registered {
  readonly metric: Metric;
  readonly instrument: object;
}

/** What is registered where, so that two pipelines or two producers share one instrument. Holds no registry alive. */
const registered = new WeakMap<MetricRegistry, Map<string, Registered>>();

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Throws when a metric could not be rendered. */
export function checkNames(name: string, labels: readonly string[]): void {
  if (!NAME.test(name)) throw new ResilienceError('INVALID_OPTION', `metric: name must match ${NAME.source}, got ${JSON.stringify(name)}`);
  for (const label of labels) {
    if (!LABEL.test(label) || label === 'le') {
      throw new ResilienceError(
        'INVALID_OPTION',
        `metric ${name}: a label must match ${LABEL.source} and not be le, got ${JSON.stringify(label)}`,
      );
    }
  }
}

/**
 * Puts an instrument on a registry, or returns the one that is there under this name.
 *
 * @throws ResilienceError `INVALID_OPTION` when the name is taken by an instrument with another type, labels or buckets.
 */
export function registerOnce<I extends object>(
  registry: MetricRegistry,
  name: string,
  shape: string,
  create: () => { metric: Metric; instrument: I },
): I {
  let known = registered.get(registry);
  if (known === undefined) registered.set(registry, (known = new Map()));
  const found = known.get(name);
  if (found === undefined) {
    const made = create();
    registry.registerMetric(made.metric);
    known.set(name, made);
    return made.instrument;
  }
  if (found.metric.shape !== shape) {
    throw new ResilienceError('INVALID_OPTION', `metric ${name}: is registered as ${found.metric.shape}, asked for as ${shape}`);
  }
  // Registering the same object again changes nothing, and puts it back after `registry.clear()`.
  registry.registerMetric(found.metric);
  return found.instrument as I;
}

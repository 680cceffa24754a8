import { type Attributes, SpanStatusCode } from '@opentelemetry/api';
import type { MetricRegistry } from '../metrics/registry.ts';
import type { FinishedSpan } from '../tracing/span.ts';
import { kindOf } from './spans.ts';

/** What a matcher of `expect.extend` gives back, in vitest and in jest. */
export interface MatcherResult {
  readonly pass: boolean;
  /** What to say when the assertion fails. */
  readonly message: () => string;
}

/** What a span is looked for by; what is left out may be anything. */
export interface SpanExpectation {
  readonly name?: string;
  /** `internal`, `server`, `client`, `producer` or `consumer`. */
  readonly kind?: string;
  /** Attributes that it has, among others. */
  readonly attributes?: Attributes;
  /** The span it is a child of. */
  readonly parent?: FinishedSpan;
  /** Whether it failed. */
  readonly failed?: boolean;
}

function fits(span: FinishedSpan, wanted: SpanExpectation): boolean {
  return (
    (wanted.name === undefined || span.name === wanted.name) &&
    (wanted.kind === undefined || kindOf(span) === wanted.kind) &&
    (wanted.parent === undefined || span.parentSpanContext?.spanId === wanted.parent.spanContext().spanId) &&
    (wanted.failed === undefined || (span.status.code === SpanStatusCode.ERROR) === wanted.failed) &&
    Object.entries(wanted.attributes ?? {}).every(([name, value]) => JSON.stringify(span.attributes[name]) === JSON.stringify(value))
  );
}

function describeSpan({ parent, ...wanted }: SpanExpectation): string {
  return JSON.stringify(parent === undefined ? wanted : { ...wanted, parent: parent.name });
}

/** The value of a series in the text of a registry: all labels that are given must fit; several series are added up. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string | number>>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const values = text.split('\n').flatMap((line) => {
    const match = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/u.exec(line);
    if (match === null || match[1] !== name || !wanted.every((pair) => `,${match[2] ?? ''},`.includes(`,${pair},`))) return [];
    return [Number(match[3])];
  });
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** Everything of a span that leaves the process, as text. */
function shown({ name, attributes, events, links, status, resource }: FinishedSpan): string {
  return JSON.stringify([name, attributes, events, links.map((link) => link.attributes), status, resource.attributes]);
}

function toHaveSpan(received: readonly FinishedSpan[], wanted: SpanExpectation): MatcherResult {
  const pass = received.some((span) => fits(span, wanted));
  const there = received.map((span) => `\n  ${kindOf(span)} ${span.name} ${JSON.stringify(span.attributes)}`).join('');
  return {
    pass,
    message: () =>
      `expected ${pass ? 'no' : 'a'} span ${describeSpan(wanted)}; there ${received.length === 1 ? 'is' : 'are'} ${received.length}:${there}`,
  };
}

async function toHaveMetric(
  received: MetricRegistry | string,
  name: string,
  labels: Readonly<Record<string, string | number>> = {},
  value?: number,
): Promise<MatcherResult> {
  const text = typeof received === 'string' ? received : await received.metrics();
  const found = valueOf(text, name, labels);
  const pass = found !== undefined && (value === undefined || found === value);
  const series = `${name}${JSON.stringify(labels)}`;
  return {
    pass,
    message: () => `expected ${pass ? 'no ' : ''}${series}${value === undefined ? '' : ` at ${value}`}, found ${found ?? 'none'}`,
  };
}

function toHaveNoPayloadLeak(received: readonly (FinishedSpan | object | string)[], canary: string): MatcherResult {
  if (typeof canary !== 'string' || canary.length < 8) {
    throw new TypeError(`canary must be a string of at least 8 characters, got ${JSON.stringify(canary)}`);
  }
  const texts = received.map((item) => (typeof item === 'string' ? item : 'spanContext' in item ? shown(item) : JSON.stringify(item)));
  const leaks = texts.filter((text) => text.toLowerCase().includes(canary.toLowerCase()));
  const pass = leaks.length === 0;
  return {
    pass,
    message: () =>
      pass
        ? `expected ${JSON.stringify(canary)} somewhere`
        : `${leaks.length} of ${texts.length} show ${JSON.stringify(canary)}; the first: ${leaks[0]}`,
  };
}

/**
 * Matchers for `expect.extend`, of vitest and of jest: `toHaveSpan(expectation)` on finished spans, `toHaveMetric(name, labels?, value?)` on a
 * registry or a scrape, and `toHaveNoPayloadLeak(canary)` on spans, log lines or texts.
 *
 * @example
 * ```ts
 * import { counter, createRegistry } from '@nines/telemetry/metrics';
 * import { telemetryMatchers } from '@nines/telemetry/testing';
 * // expect.extend(telemetryMatchers); await expect(registry).toHaveMetric('jobs_total', { queue: 'mail' }, 1);
 * const registry = createRegistry();
 * counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] }).inc({ queue: 'mail' });
 * console.log((await telemetryMatchers.toHaveMetric(registry, 'jobs_total', { queue: 'mail' }, 1)).pass); // true
 * ```
 */
export const telemetryMatchers: {
  readonly toHaveSpan: typeof toHaveSpan;
  readonly toHaveMetric: typeof toHaveMetric;
  readonly toHaveNoPayloadLeak: typeof toHaveNoPayloadLeak;
} = Object.freeze({ toHaveSpan, toHaveMetric, toHaveNoPayloadLeak });

/** The matchers as `expect` has them after `expect.extend(telemetryMatchers)`; to be merged into vitest's `Matchers` or jest's. */
export interface TelemetryMatchers<Result = void> {
  /** Some finished span fits. */
  toHaveSpan(expectation: SpanExpectation): Result;
  /** The series is there, with the value where one is given; series that fit the labels are added up. */
  toHaveMetric(name: string, labels?: Readonly<Record<string, string | number>>, value?: number): Promise<Result>;
  /** No span, line or text shows the canary, in whatever case. */
  toHaveNoPayloadLeak(canary: string): Result;
}

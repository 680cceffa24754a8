import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { correlationId, correlationIdOf, extractContext, injectContext, runInContext, withCorrelationId } from '../src/context.ts';
import { counter, createRegistry, gauge, goldenSignals, histogram, httpServerMetrics, metricsHandler } from '../src/metrics.ts';
import { createHealth } from '../src/health.ts';
import { createLogger } from '../src/logging.ts';
import { setHttpRoute } from '../src/index.ts';
import { internalErrors } from '../src/internal-errors.ts';

const calls = 1_000_000;

/** Random numbers from 0 to 1 by a linear congruential generator (Numerical Recipes), so that a seed repeats a run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const refuse = (): never => {
  throw new Error('hostile');
};

/** Values that a program hands over by mistake or a stranger on purpose. */
const values: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  Infinity,
  -Infinity,
  1e308,
  1n,
  '',
  'x',
  'a\nb"\\',
  '\u0000',
  'é😀',
  'x'.repeat(3000),
  Symbol('x'),
  [],
  {},
  { queue: 'a' },
  { queue: null },
  { queue: Symbol('x') },
  { unknown: 'x' },
  circular,
  new Date(Number.NaN),
  new Error('x'),
  () => 1,
  refuse,
  new Proxy({}, { get: refuse, ownKeys: refuse }),
  {
    get queue() {
      return refuse();
    },
  },
  { toString: refuse, toJSON: refuse },
  { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', baggage: 'a=b' },
  { traceparent: ['x', 7], baggage: 'x'.repeat(9000) },
  { 'x-request-id': {} },
  Object.freeze({ frozen: true }),
  { deep: { deeper: { circular } } },
  '%s %o %j',
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
];

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }));
});
afterAll(() => {
  context.disable();
  propagation.disable();
});

const sampled = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };

test(
  'a million calls with whatever comes: none throws, no label or line grows without bound, the scrape stays whole',
  { timeout: 120_000 },
  async () => {
    const seed = Date.now() % 2 ** 31;
    const random = seeded(seed);
    const any = (): never => values[Math.floor(random() * values.length)] as never;
    const registry = createRegistry();
    const labelNames = ['queue', 'outcome'] as const;
    const count = counter(registry, { name: 'a_total', help: 'A.', labelNames });
    const level = gauge(registry, { name: 'b', help: 'B.', labelNames });
    const seconds = histogram(registry, { name: 'c_seconds', help: 'C.', labelNames, exemplars: true });
    const http = httpServerMetrics(registry);
    const golden = goldenSignals(registry, { name: 'd' });
    const health = createHealth();
    let written = 0;
    const logger = createLogger({ serviceName: 'x', destination: { write: (line) => void (written += line.length) } });
    const { report } = internalErrors(registry);
    const handler = metricsHandler(registry);
    const answer = { writeHead: () => undefined, end: () => undefined };
    const few = createLogger({
      serviceName: 'x',
      sampling: { first: 1, thereafter: 10 },
      destination: { write: (line) => void (written += line.length) },
    });
    const response = { statusCode: 200, once: (_event: string, closed: () => void) => closed() };
    const every: readonly (() => unknown)[] = [
      () => count.inc(any(), any()),
      () => count.bind(any()).inc(any()),
      () => level.set(any(), any()),
      () => level.bind(any()).set(any()),
      () => seconds.observe(any(), any()),
      () => seconds.bind(any()).observe(any()),
      () => http.observe({ method: any(), route: any(), status: any(), seconds: any() }),
      () => http.track({ method: any() }, response, any()),
      () => golden.observe(any(), any(), any()),
      () => logger.info(any(), any()),
      () => logger.child(any()).error(any()),
      () => few.warn(any(), any()),
      () => [health.live(), health.ready(), health.startup()],
      () => extractContext(any()),
      () => injectContext(any()),
      () => runInContext(any(), () => correlationId()),
      () => withCorrelationId(any(), () => correlationIdOf(any())),
      () => setHttpRoute(any(), any()),
      () => report('fuzz', any(), any()),
      () => handler({ method: any(), headers: { accept: any(), 'accept-encoding': any() } }, answer),
    ];
    const before = process.memoryUsage().heapUsed;
    let thrown = 0;
    for (let call = 0; call < calls; call += 1) {
      try {
        const one = every[call % every.length] as () => unknown;
        if (call % 2 === 0) one();
        else context.with(trace.setSpanContext(ROOT_CONTEXT, sampled), one);
      } catch (error) {
        thrown += 1;
        if (thrown === 1) console.error(`seed ${seed}, call ${call}:`, every[call % every.length]?.toString(), error);
      }
    }
    expect(thrown, `seed ${seed}`).toBe(0);
    expect(written).toBeGreaterThan(0);
    // What stays is bounded by the series, which the values above keep to some thousands.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
    const text = await handler.render();
    for (const name of ['a_total', 'b', 'c_seconds', 'd_operation_duration_seconds']) expect(text).toContain(`# TYPE ${name} `);
    expect(text).not.toContain('telemetry_collector_up');
  },
);

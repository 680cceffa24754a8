import { trace, TraceFlags, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { gunzipSync } from 'node:zlib';
import successor from '@prometheus-io/client';
import promClient from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { counter, gauge, histogram } from './instruments.ts';
import { chooseFormat, acceptsGzip } from './negotiation.ts';
import type { MetricRegistry } from './registry.ts';
import { metricsHandler, type MetricsHandler, type ScrapeRequest } from './scrape.ts';

/** What Prometheus 2.42 sends. */
const prometheus =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

function ask(handler: MetricsHandler, headers: ScrapeRequest['headers'] = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve) => {
    let status = 0;
    let sent: Record<string, string> = {};
    handler(
      { method, headers },
      {
        writeHead(code, given) {
          status = code;
          sent = given;
        },
        end: (body = '') => resolve({ status, headers: sent, body }),
      },
    );
  });
}

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

const registries: readonly (readonly [string, () => MetricRegistry])[] = [
  ['prom-client', () => new promClient.Registry()],
  ['@prometheus-io/client', () => new successor.Registry()],
];

describe.for(registries)('a registry of %s', ([, create]) => {
  test('is served as OpenMetrics with every series under its own name, and as text afterwards just as before', async () => {
    const registry = create();
    counter(registry, { name: 'jobs_total', help: 'Jobs "seen".' }).inc({}, 2);
    counter(registry, { name: 'odd', help: 'A counter without its suffix.' }).inc();
    gauge(registry, { name: 'open', help: 'Open.' }).set(3);
    const handler = metricsHandler(registry);
    const before = await handler.render();
    const { headers, body } = await ask(handler, { accept: prometheus });
    expect(headers['Content-Type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(body).toBe(
      '# HELP jobs Jobs \\"seen\\".\n# TYPE jobs counter\njobs_total 2\n' +
        '# HELP odd A counter without its suffix.\n# TYPE odd unknown\nodd 1\n' +
        '# HELP open Open.\n# TYPE open gauge\nopen 3\n# EOF\n',
    );
    expect(await handler.render()).toBe(before);
    expect(await registry.metrics()).toBe(before);
  });

  test('carries the trace of an observation made in a sampled span, and of no other', async () => {
    const registry = create();
    const seconds = histogram(registry, { name: 'h_seconds', help: 'H.', buckets: [1, 2], exemplars: true });
    const within = (traceId: string, traceFlags: TraceFlags) =>
      trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '00f067aa0ba902b7', traceFlags });
    const sampled = '4bf92f3577b34da6a3ce929d0e0e4736';
    context.with(within(sampled, TraceFlags.SAMPLED), () => seconds.observe(1.5));
    context.with(within('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', TraceFlags.NONE), () => seconds.observe(0.5));
    seconds.observe(1.7);
    const text = String((await ask(metricsHandler(registry), { accept: prometheus })).body);
    expect(text).toMatch(
      new RegExp(`^h_seconds_bucket\\{le="2"\\} 3 # \\{trace_id="${sampled}",span_id="00f067aa0ba902b7"\\} 1\\.5 \\d+\\.\\d{3}$`, 'mu'),
    );
    expect(text.match(/ # \{/gu)).toHaveLength(1);
    expect(await registry.metrics()).not.toContain(sampled);
  });
});

test('a long answer is compressed for those who accept it', async () => {
  const registry = new promClient.Registry();
  const jobs = counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] });
  for (let index = 0; index < 100; index += 1) jobs.inc({ queue: `queue-${index}` });
  const handler = metricsHandler(registry);
  const { headers, body } = await ask(handler, { 'accept-encoding': 'gzip' });
  expect(headers['Content-Encoding']).toBe('gzip');
  expect(gunzipSync(body).toString()).toBe(await handler.render());
  expect((await ask(handler, { 'accept-encoding': 'gzip;q=0' })).body).toBe(await handler.render());
});

test('more requests at a time than allowed are told to come again, and counted', async () => {
  const registry = new promClient.Registry();
  const closed: (() => void)[] = [];
  const statuses: number[] = [];
  const handler = metricsHandler(registry, { maxInFlight: 2 });
  const scrape = (): void =>
    handler(
      { method: 'GET' },
      { writeHead: (status) => statuses.push(status), end: () => undefined, once: (_, done) => closed.push(done) },
    );
  for (let count = 0; count < 3; count += 1) scrape();
  expect(statuses).toEqual([503]);
  for (const close of closed) close();
  scrape();
  expect(statuses).toEqual([503]);
  // The first one may share the collection that had begun before.
  await handler.render();
  expect(await handler.render()).toContain('telemetry_internal_errors_total{component="scrape"} 1\n');
});

test('HEAD answers without a body', async () => {
  expect(await ask(metricsHandler(new promClient.Registry()), {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
});

test.for([
  [undefined, 'text'],
  ['*/*', 'text'],
  [prometheus, 'openmetrics'],
  ['application/openmetrics-text;q=0.4,text/plain', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=banana', 'text'],
] as const)('Accept %s gives %s', ([accept, format]) => {
  expect(chooseFormat(accept)).toBe(format);
});

test('no more than the first thousand characters of Accept are read', () => {
  expect(chooseFormat(`${'x,'.repeat(5000)}application/openmetrics-text`)).toBe('text');
});

test('Accept-Encoding', () => {
  expect([undefined, 'identity', 'br, gzip;q=0.5', 'GZIP', 'gzip;q=0'].map(acceptsGzip)).toEqual([false, false, true, true, false]);
});

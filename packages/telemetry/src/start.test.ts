import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { counter, histogram } from './metrics/instruments.ts';
import { metricsHandler } from './metrics/scrape.ts';
import { createRegistry } from './metrics/text-registry.ts';
import { runningTelemetry, startTelemetry } from './start.ts';
import { memoryLogs } from './testing/logs.ts';
import { kindOf, memorySpans } from './testing/spans.ts';

const quiet = { signals: false } as const;

afterEach(async () => {
  await runningTelemetry()?.shutdown();
});

describe('startTelemetry', () => {
  test('logger, metrics, health and lifecycle work before the promise settles', async () => {
    const destination = memoryLogs();
    const starting = startTelemetry({ serviceName: 'api', logs: { destination }, shutdown: quiet });
    starting.logger.info('early');
    expect(destination.messages()).toEqual(['early']);
    expect(await starting.metrics.metrics()).toContain('process_cpu_seconds_total');
    expect([starting.health.live().status, starting.lifecycle.state()]).toEqual([200, 'running']);
    expect(await starting).toMatchObject({ probes: undefined });
  });

  test('log lines inside a span carry its ids, those outside none', async () => {
    const destination = memoryLogs();
    const spans = memorySpans();
    const { logger } = await startTelemetry({
      serviceName: 'api',
      logs: { destination },
      traces: { spanProcessors: [spans] },
      shutdown: quiet,
    });
    logger.info('outside');
    trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.info('inside');
      span.end();
    });
    const { traceId, spanId } = (spans.spans[0] as (typeof spans.spans)[number]).spanContext();
    expect(destination.lines[0]).not.toHaveProperty('trace_id');
    expect(destination.lines[1]).toMatchObject({ msg: 'inside', trace_id: traceId, span_id: spanId, trace_flags: '01' });
  });

  test('without any exporter spans still record, so that lines are correlated and context travels', async () => {
    const destination = memoryLogs();
    const { logger } = await startTelemetry({ serviceName: 'api', logs: { destination }, shutdown: quiet });
    trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.info('inside');
      span.end();
    });
    expect(destination.lines[0]?.['trace_id']).toMatch(/^[0-9a-f]{32}$/u);
  });

  test('the resource names service and version; the command line, which may hold secrets, is not on it', async () => {
    const spans = memorySpans();
    const before = { ...process.env };
    const options = { serviceName: 'api', serviceVersion: '1.2.3 beta,x', logs: { destination: memoryLogs() }, shutdown: quiet };
    await startTelemetry({ ...options, traces: { spanProcessors: [spans] } });
    expect({ ...process.env }).toEqual(before);
    trace.getTracer('test').startSpan('work').end();
    const attributes = spans.spans[0]?.resource.attributes;
    expect(attributes).toMatchObject({ 'service.name': 'api', 'service.version': '1.2.3 beta,x' });
    expect(Object.keys(attributes ?? {}).filter((name) => name.startsWith('process.'))).toEqual([]);
  });

  test('the probe server serves its four paths and nothing else, and is not traced', async () => {
    const spans = memorySpans();
    const destination = memoryLogs();
    const telemetry = await startTelemetry({
      serviceName: 'api',
      probes: { port: 0 },
      logs: { destination },
      traces: { spanProcessors: [spans] },
      shutdown: quiet,
    });
    const url = telemetry.probes?.url ?? '';
    const status = async (path: string, method = 'GET') => (await fetch(`${url}${path}`, { method })).status;
    expect(await Promise.all(['/metrics', '/livez', '/readyz', '/startupz'].map((path) => status(path)))).toEqual([200, 200, 200, 200]);
    expect([await status('/'), await status('/constructor'), await status('/livez', 'POST')]).toEqual([404, 404, 405]);
    expect(spans.spans.filter((span) => kindOf(span) === 'server')).toEqual([]);
    telemetry.health.check('db', () => Promise.reject(new Error('secret detail')));
    await new Promise<void>((resolve) => void telemetry.health.onChange(() => resolve()));
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { status: 'not ready', checks: { db: 'down' } }]);
    expect(await (await fetch(`${url}/readyz?verbose`)).text()).toBe('[-]db down\nreadyz check failed: not ready\n');
    await telemetry.shutdown();
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });

  test('a span processor that throws is noted and does not reach the program', async () => {
    const spans = memorySpans();
    const destination = memoryLogs();
    const broken = {
      ...memorySpans(),
      onEnd: () => {
        throw new Error('broken');
      },
    };
    await startTelemetry({ serviceName: 'api', logs: { destination }, traces: { spanProcessors: [broken, spans] }, shutdown: quiet });
    trace.getTracer('test').startSpan('work').end();
    expect(spans.spans.map((span) => span.name)).toEqual(['work']);
    expect(destination.lines).toMatchObject([{ level: 'warn', component: 'span processor', err: { message: 'broken' } }]);
  });

  test('queries, which carry tokens, are on no span; paths are', async () => {
    const spans = memorySpans();
    await startTelemetry({ serviceName: 'api', logs: { destination: memoryLogs() }, traces: { spanProcessors: [spans] }, shutdown: quiet });
    const server = createServer((_request, response) => response.end());
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await (await fetch(`${url}/by-fetch?token=canary`)).text();
    await new Promise((resolve) => get(`${url}/by-http?token=canary`, (response) => response.resume().once('end', resolve)));
    await spans.waitFor((span) => kindOf(span) === 'client' && span.attributes['url.full'] === `${url}/by-http`);
    await spans.waitFor((span) => kindOf(span) === 'server' && span.attributes['url.path'] === '/by-http');
    expect(
      spans.spans.map((span) => [kindOf(span), span.attributes['url.full'] ?? span.attributes['url.path']].join(' ')).toSorted(),
    ).toEqual([`client ${url}/by-fetch`, `client ${url}/by-http`, 'server /by-fetch', 'server /by-http']);
    expect(JSON.stringify(spans.spans.map((span) => span.attributes))).not.toContain('canary');
  });

  test('a second start gives back the first and warns, once for each', async () => {
    const destination = memoryLogs();
    const first = startTelemetry({ serviceName: 'one', logs: { destination }, shutdown: quiet });
    expect(startTelemetry({ serviceName: 'two' })).toBe(first);
    expect(() => startTelemetry({ serviceName: '' })).toThrow('serviceName must be');
    expect(destination.lines).toMatchObject([{ level: 'warn', serviceName: 'two', msg: expect.stringContaining('started already') }]);
    await first;
  });

  test('after shutdown the globals are given back and it can start again', async () => {
    const first = await startTelemetry({ serviceName: 'one', logs: { destination: memoryLogs() }, shutdown: quiet });
    const report = await first.shutdown('test over');
    expect([report.clean, report.reason, runningTelemetry()]).toEqual([true, 'test over', undefined]);
    expect(trace.getTracer('test').startSpan('x').isRecording()).toBe(false);
    expect(context.with(context.active().setValue(Symbol.for('x'), 1), () => context.active().getValue(Symbol.for('x')))).toBeUndefined();
    const spans = memorySpans();
    await startTelemetry({ serviceName: 'two', logs: { destination: memoryLogs() }, traces: { spanProcessors: [spans] }, shutdown: quiet });
    trace.getTracer('test').startSpan('again').end();
    expect(spans.spans.map((span) => span.name)).toEqual(['again']);
  });

  test('a taken probe port rejects, undoes what had started, and says which', async () => {
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const starting = startTelemetry({ serviceName: 'api', probes: { port }, logs: { destination: memoryLogs() }, shutdown: quiet });
    const message = expect.stringContaining(`probes cannot listen on 127.0.0.1:${port}`);
    await expect(starting).rejects.toMatchObject({ code: 'PROBE_LISTEN_FAILED', retryable: true, message });
    expect([runningTelemetry(), trace.getTracer('test').startSpan('x').isRecording()]).toEqual([undefined, false]);
  });

  test('the limits of metrics hold for each instrument', async () => {
    const { metrics } = await startTelemetry({
      serviceName: 'api',
      logs: { destination: memoryLogs() },
      metrics: { cardinalityLimit: 2 },
      shutdown: quiet,
    });
    const jobs = counter(metrics, { name: 'jobs_total', help: 'Jobs.', labelNames: ['id'] });
    for (let id = 0; id < 5; id += 1) jobs.inc({ id });
    expect(await metrics.metrics()).toContain('jobs_total{id="overflow"} 3\n');
    const seconds = histogram(metrics, { name: 'x_seconds', help: 'X.' });
    trace.getTracer('test').startActiveSpan('work', (span) => {
      seconds.observe(0.1);
      span.end();
    });
    const response = { text: '', writeHead: () => undefined, end: (text: unknown) => void (response.text = String(text)) };
    metricsHandler(metrics)({ method: 'GET', headers: { accept: 'application/openmetrics-text' } }, response);
    await vi.waitFor(() => expect(response.text).toMatch(/x_seconds_bucket\{le="0.1"\} 1 # \{trace_id=/u));
  });

  test('a registry of your own is used', async () => {
    const registry = createRegistry();
    const telemetry = await startTelemetry({
      serviceName: 'api',
      metrics: { registry, runtime: false },
      logs: { destination: memoryLogs() },
      shutdown: quiet,
    });
    expect(telemetry.metrics).toBe(registry);
    expect(registry.getSingleMetric('process_cpu_seconds_total')).toBeUndefined();
  });

  test.for([
    [{}, 'serviceName must be a string of 1 to 255 characters, got undefined'],
    [
      { serviceName: 'x', log: {} },
      'startTelemetry has no option log; known: serviceName, serviceVersion, logs, metrics, probes, traces, baggage, shutdown',
    ],
    [{ serviceName: 'x', probes: { port: 70_000 } }, 'probes.port must be a whole number from 0 to 65535, got 70000'],
    [{ serviceName: 'x', probes: {} }, 'probes.port must be a whole number from 0 to 65535, got undefined'],
    [{ serviceName: 'x', logs: { level: 'loud' } }, 'logs.level must be one of trace, debug, info, warn, error, fatal, silent, got "loud"'],
    [{ serviceName: 'x', traces: { files: 'x' } }, 'traces has no option files; known: spanProcessors, file'],
    [{ serviceName: 'x', metrics: { cardinalityLimit: 0 } }, 'metrics.cardinalityLimit must be a whole number from 1 to 100000, got 0'],
    [
      { serviceName: 'x', metrics: { registry: createRegistry(), exemplars: true } },
      'metrics.exemplars must be left out beside metrics.registry, got true',
    ],
    [{ serviceName: 'x', shutdown: { deadlineMs: 0 } }, 'shutdown.deadlineMs must be a whole number from 10 to 3600000, got 0'],
  ] as const)('refuses %j', ([options, message]) => {
    expect(() => startTelemetry(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }));
    expect(runningTelemetry()).toBeUndefined();
  });
});

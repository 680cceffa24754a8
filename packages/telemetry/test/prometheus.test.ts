import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { counter, createRegistry, histogram, metricsHandler, runtimeMetrics } from '../src/metrics.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const ends: (() => unknown)[] = [];

async function freePort(): Promise<number> {
  const listener = createListener().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  return port;
}

/** A registry with what a service has, one bad collector, and an observation of a sampled span. */
function service() {
  const registry = createRegistry();
  ends.push(runtimeMetrics(registry));
  counter(registry, { name: 'jobs_total', help: 'Jobs.', labelNames: ['queue'] }).inc({ queue: 'a"b\\c\nd' }, 41);
  const seconds = histogram(registry, { name: 'job_duration_seconds', help: 'Time.', exemplars: true });
  const span = { traceId, spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.SAMPLED };
  context.with(trace.setSpanContext(ROOT_CONTEXT, span), () => seconds.observe(0.2));
  const hang = () => new Promise<never>(() => undefined);
  registry.registerMetric({ name: 'hanging', help: 'Never answers.', type: 'gauge', get: hang, reset: () => undefined });
  return metricsHandler(registry, { timeoutMs: 50 });
}

/** Serves the handler and notes what the scraper accepted. */
async function serve(handler: ReturnType<typeof service>, accepts: (string | undefined)[]): Promise<number> {
  const server = createServer((request, response) => {
    accepts.push(request.headers.accept);
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** What the query API answers, of a series or of its exemplars. */
interface Found {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
  readonly exemplars: readonly object[];
}

async function startPrometheus(targets: readonly number[]): Promise<(path: string) => Promise<Found>> {
  const folder = mkdtempSync(join(tmpdir(), 'nines-prometheus-'));
  const jobs = targets.map((port, index) => `  - job_name: job${index}\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]`);
  writeFileSync(join(folder, 'prometheus.yml'), `global: { scrape_interval: 100ms }\nscrape_configs:\n${jobs.join('\n')}\n`);
  const port = await freePort();
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
  const child: ChildProcess = spawn('prometheus', [...flags, '--enable-feature=exemplar-storage'], { stdio: 'ignore' });
  ends.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  return async (path) => {
    for (;;) {
      // Not ready yet, or not scraped yet: asked again at once, until the test's own time is over.
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`).catch(() => undefined);
      const body = response?.ok === true ? ((await response.json()) as { data: Found[] | { result: Found[] } }) : undefined;
      const [found] = body === undefined ? [] : 'result' in body.data ? body.data.result : body.data;
      if (found !== undefined) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
}

beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterEach(async () => {
  context.disable();
  for (const end of ends.splice(0)) await end();
});

const asks = (query: string): string => `query?query=${encodeURIComponent(query)}`;

test('a real Prometheus reads OpenMetrics and text whole: names, values, escapes, exemplars, and the collector that hangs', async () => {
  const accepts: (string | undefined)[] = [];
  const handler = service();
  const openMetrics = await serve(handler, accepts);
  const plain = await serve(((request, response) => handler({ ...request, method: 'GET', headers: {} }, response)) as typeof handler, []);
  const query = await startPrometheus([openMetrics, plain]);
  for (const job of ['job0', 'job1']) {
    const jobs = await query(asks(`jobs_total{job="${job}"}`));
    expect(jobs.metric['queue']).toBe('a"b\\c\nd');
    expect(jobs.value[1]).toBe('41');
    expect(await query(asks(`telemetry_collector_up{job="${job}"}`))).toMatchObject({
      metric: { metric: 'hanging' },
      value: [expect.any(Number), '0'],
    });
    expect((await query(asks(`up{job="${job}"}`))).value[1]).toBe('1');
    expect((await query(asks(`nodejs_version_info{job="${job}"}`))).metric['version']).toBe(process.versions.node);
    expect((await query(asks(`job_duration_seconds_count{job="${job}"}`))).value[1]).toBe('1');
  }
  expect(accepts[0]).toContain('application/openmetrics-text');
  const now = Date.now() / 1000;
  const series = await query(`query_exemplars?query=job_duration_seconds_bucket&start=${now - 60}&end=${now + 60}`);
  expect(series.exemplars[0]).toMatchObject({ labels: { trace_id: traceId, span_id: '00f067aa0ba902b7' }, value: '0.2' });
});

test('promtool has nothing against our metrics', async () => {
  const text = await service().render();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect({ status: checked.status, said: checked.stdout + checked.stderr }).toEqual({ status: 0, said: '' });
});

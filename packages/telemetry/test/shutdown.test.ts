import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cleanExit, field, readSpans, startChild } from './child.ts';

// Child processes on a busy machine take what they take.
vi.setConfig({ testTimeout: 60_000 });

const scratch = mkdtempSync(join(tmpdir(), 'nines-telemetry-'));
const message = (text: string) => (line: Readonly<Record<string, unknown>>) => line['msg'] === text;

test('SIGTERM: not ready but alive, the request in flight is answered and its span written, then exit 0', async () => {
  const file = join(scratch, 'sigterm.jsonl');
  const child = startChild('service.mjs', { env: { NINES_TRACES_FILE: file } });
  onTestFinished(() => void child.process.kill('SIGKILL'));
  const listening = await child.line(message('listening'));
  const [url, probes] = [field(listening, 'url'), field(listening, 'probes')];
  expect((await fetch(`${probes}/readyz`)).status).toBe(200);
  const answer = fetch(`${url}/slow/7?secret=1`, { method: 'POST' });
  const inFlight = await child.line(message('in flight'));
  child.process.kill('SIGTERM');
  await child.line((line) => line['phase'] === 'stop-accepting');
  const [live, ready] = await Promise.all([fetch(`${probes}/livez`), fetch(`${probes}/readyz`)]);
  expect([live.status, ready.status]).toEqual([200, 503]);
  await expect(fetch(`${url}/late`)).rejects.toThrow('fetch failed');
  child.process.stdin?.write('go\n');
  const response = await answer;
  expect([response.status, await response.text()]).toEqual([200, 'finished']);
  expect(await child.exit).toEqual(cleanExit);
  const phases = child.lines.filter(message('shutdown step')).map((line) => line['phase']);
  expect(phases).toEqual(['unready', 'unready', 'stop-accepting', 'drain', 'close', 'flush']);
  expect(child.lines.at(-1)).toMatchObject({ msg: 'shutdown complete', reason: 'SIGTERM', clean: true });
  const spans = readSpans(file);
  expect(spans.map((span) => span.name)).toEqual(['POST /slow/:id']);
  expect(spans[0]).toMatchObject({ kind: 'server', traceId: inFlight['trace_id'], spanId: inFlight['span_id'] });
});

test('a second signal exits at once, whatever is still in flight', async () => {
  const child = startChild('service.mjs');
  onTestFinished(() => void child.process.kill('SIGKILL'));
  const url = field(await child.line(message('listening')), 'url');
  const cut = fetch(url).then(
    () => 'answered',
    () => 'cut',
  );
  await child.line(message('in flight'));
  child.process.kill('SIGTERM');
  await child.line((line) => line['phase'] === 'stop-accepting');
  // Taken for the echo of the first for half a second.
  const again = setInterval(() => child.process.kill('SIGTERM'), 100);
  onTestFinished(() => clearInterval(again));
  expect(await child.exit).toEqual({ code: 143, stderr: '' });
  expect(child.lines.filter(message('shutdown complete'))).toEqual([]);
  expect(await cut).toBe('cut');
});

async function startCollector(): Promise<{ readonly url: string; readonly paths: readonly string[]; readonly close: () => Promise<void> }> {
  const paths: string[] = [];
  const collector = createServer((request, response) => {
    paths.push(request.url ?? '');
    request.resume().once('end', () => response.end());
  });
  const close = () => new Promise<void>((resolve) => void collector.close(() => resolve()));
  onTestFinished(close);
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, paths, close };
}

test('a program that ends by itself flushes what waits', async () => {
  const { url, paths } = await startCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_BSP_SCHEDULE_DELAY: '600000' };
  const child = startChild('registered.mjs', { flags: ['--import', '@nines/telemetry/register'], env });
  expect(await child.exit).toEqual(cleanExit);
  expect(paths).toEqual(['/v1/traces']);
});

test('a collector that is away costs the spans and a line, not the exit status', async () => {
  const { url, close } = await startCollector();
  await close();
  // The exporter gives up when its next attempt would come after the timeout.
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '100' };
  const child = startChild('registered.mjs', { flags: ['--import', '@nines/telemetry/register'], env });
  expect(await child.exit).toEqual(cleanExit);
  const failures = child.lines.filter((line) => line['msg'] === 'telemetry failed inside');
  expect(failures.map((line) => [line['component'], line['level']])).toEqual([['traces flush', 'warn']]);
});

test('processes that share a trace file lose and mix up nothing', async () => {
  const env = { NINES_TRACES_FILE: join(scratch, 'shared.jsonl') };
  const children = Array.from({ length: 3 }, () => startChild('registered.mjs', { flags: ['--import', '@nines/telemetry/register'], env }));
  expect(await Promise.all(children.map((child) => child.exit))).toEqual([cleanExit, cleanExit, cleanExit]);
  const spans = readSpans(env.NINES_TRACES_FILE);
  expect([spans.length, new Set(spans.map((span) => span.traceId)).size]).toEqual([18, 3]);
});

test('spans go to the OTLP endpoint and to the file, metrics and logs do not, and SIGTERM flushes what waits', async () => {
  const { url: endpoint, paths } = await startCollector();
  const file = join(scratch, 'otlp.jsonl');
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, NINES_TRACES_FILE: file, OTEL_BSP_SCHEDULE_DELAY: '600000' };
  const child = startChild('service.mjs', { env });
  onTestFinished(() => void child.process.kill('SIGKILL'));
  const url = field(await child.line(message('listening')), 'url');
  child.process.stdin?.write('go\n');
  expect((await fetch(`${url}/slow/1`)).status).toBe(200);
  child.process.kill('SIGTERM');
  expect(await child.exit).toEqual(cleanExit);
  expect(paths).toEqual(['/v1/traces']);
  expect(readSpans(file).map((span) => span.name)).toEqual(['GET /slow/:id']);
});

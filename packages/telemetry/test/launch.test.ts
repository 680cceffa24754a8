import { cpSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { cleanExit, field, type Line, readSpans, type SpanLine, startChild } from './child.ts';

// Child processes on a busy machine take what they take.
vi.setConfig({ testTimeout: 60_000 });

const scratch = mkdtempSync(join(tmpdir(), 'nines-telemetry-'));

function only(spans: readonly SpanLine[], kind: string, path: string): SpanLine {
  const urlOf = (span: SpanLine) =>
    'url.path' in span.attributes ? field(span.attributes, 'url.path') : new URL(field(span.attributes, 'url.full')).pathname;
  const found = spans.filter((span) => span.kind === kind && urlOf(span) === path);
  expect(found, `${kind} ${path}`).toHaveLength(1);
  return found[0] as SpanLine;
}

// Every other mode of launch, with Redis and a job besides, is in the tests that span packages.
describe('http in, http out and fetch are one trace, without a loader flag', () => {
  test('CommonJS with --import @nines/telemetry/register', async () => {
    const spansFile = join(scratch, 'registered.jsonl');
    const flags = ['--import', '@nines/telemetry/register'];
    const child = startChild('registered.cjs', { flags, env: { NINES_TRACES_FILE: spansFile, OTEL_SERVICE_NAME: 'under-test' } });
    expect(await child.exit).toEqual(cleanExit);
    const spans = readSpans(spansFile);
    expect(spans).toHaveLength(6);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
    expect(new Set(spans.map((span) => span.service))).toEqual(new Set(['under-test']));
    const root = only(spans, 'client', '/outer');
    const outer = only(spans, 'server', '/outer');
    expect(root.parentSpanId).toBeUndefined();
    expect(outer.parentSpanId).toBe(root.spanId);
    for (const path of ['/http', '/fetch']) {
      const client = only(spans, 'client', path);
      expect(client.parentSpanId).toBe(outer.spanId);
      expect(only(spans, 'server', path).parentSpanId).toBe(client.spanId);
    }
  });
});

test('a process that exits at once loses no line, and the logger works before the SDK is loaded', async () => {
  const child = startChild('last-line.mjs');
  expect(await child.exit).toEqual(cleanExit);
  expect(child.lines.map((line) => line['msg'])).toEqual(['first line', ...Array.from({ length: 1000 }, () => 'line')]);
  expect(child.lines.at(-1)?.['count']).toBe(999);
});

describe('what is loaded', () => {
  const flags = ['--import', './log-modules.mjs'];
  const sdk = /@opentelemetry\/(?:sdk|instrumentation|exporter)/u;

  test('metrics, health, lifecycle, logging and context never load the SDK', async () => {
    const child = startChild('light-entries.mjs', { flags });
    expect(await child.exit).toEqual(cleanExit);
    const modules = child.lines.map((line) => field(line, 'module'));
    expect(modules.some((module) => module.includes('pino'))).toBe(true);
    expect(modules.filter((module) => sdk.test(module))).toEqual([]);
  });

  test('OTEL_SDK_DISABLED loads no SDK; logs, metrics and probes still work', async () => {
    const child = startChild('off.mjs', { flags, env: { OTEL_SDK_DISABLED: 'true' } });
    const works = await child.line((line) => line['msg'] === 'works');
    expect(works['metrics']).toContain('process_resident_memory_bytes');
    expect(await child.exit).toEqual(cleanExit);
    expect(child.lines.filter((line) => sdk.test(field(line, 'module')))).toEqual([]);
  });
});

test("a vendor's SDK that was started first is kept: one warning names it, no span is doubled, and all else works", async () => {
  const child = startChild('foreign.mjs', { env: { OTEL_LOGS_EXPORTER: 'none' } });
  expect(await child.exit).toEqual(cleanExit);
  const spans = child.lines.filter((line) => 'span' in line);
  expect(spans.map((line) => field(line, 'span')).toSorted()).toEqual(['GET', 'GET', 'GET', 'still theirs']);
  const handled = child.lines.find((line) => line['msg'] === 'handled');
  expect(spans.map((line) => line['traceId'])).toContain(handled?.['trace_id']);
  expect(child.lines.filter((line) => line['level'] === 'warn')).toMatchObject([{ provider: expect.stringMatching(/Provider.*api 1\./u) }]);
  expect(child.lines).toContainEqual({ ready: 200, metrics: true });
  expect(child.lines).toContainEqual({ clean: true });
});

describe('with two copies of the OpenTelemetry API', () => {
  const home = join(scratch, 'api');
  const inside = join('@opentelemetry', 'api');
  const main = createRequire(import.meta.url).resolve('@opentelemetry/api');
  cpSync(main.slice(0, main.lastIndexOf(inside) + inside.length), home, { recursive: true });
  const start = async (who: string): Promise<readonly Line[]> => {
    const child = startChild('two-apis.mjs', { env: { COPY: home, WHO: who } });
    expect(await child.exit).toEqual(cleanExit);
    return child.lines;
  };

  test('spans of both are recorded once, and lines inside them carry their ids', async () => {
    const lines = await start('ours');
    expect(lines).toContainEqual({ copies: true, ours: ['by our copy', 'by their copy'], metrics: true, live: 200 });
    expect(lines.find((line) => line['msg'] === 'inside')).toHaveProperty('trace_id');
    expect(lines.filter((line) => line['level'] === 'warn')).toEqual([]);
  });

  test('a provider that the other copy registered is kept, with one warning that names it', async () => {
    const lines = await start('theirs');
    expect(lines).toContainEqual({ copies: true, ours: [], metrics: true, live: 200 });
    expect(lines.filter((line) => 'theirs' in line)).toHaveLength(2);
    expect(lines.filter((line) => line['level'] === 'warn')).toMatchObject([{ provider: expect.stringContaining('VendorProvider') }]);
  });
});

test('what Google Cloud says of the place is on the spans where its detector is installed and asked', async () => {
  const flags = ['--import', './google-cloud.mjs'];
  const resourceOf = async (detectors: string | undefined): Promise<unknown> => {
    const child = startChild('resource.mjs', { flags, env: detectors === undefined ? {} : { OTEL_NODE_RESOURCE_DETECTORS: detectors } });
    expect(await child.exit).toEqual(cleanExit);
    return child.lines.find((line) => 'resource' in line)?.['resource'];
  };
  const theirs = { 'service.name': 'placed', 'cloud.provider': 'gcp', 'cloud.region': 'europe-west4' };
  const [unset, asked, other] = await Promise.all([resourceOf(undefined), resourceOf('env,gcp'), resourceOf('env')]);
  expect(unset).toMatchObject({ ...theirs, 'host.name': expect.any(String) });
  expect(asked).toMatchObject(theirs);
  expect(other).not.toHaveProperty('cloud.provider');
});

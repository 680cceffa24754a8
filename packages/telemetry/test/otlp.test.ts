import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startOtlpSink } from '../../../tools/test/otlp-sink.ts';
import { cleanExit, readSpans, startChild } from './child.ts';

// Child processes on a busy machine take what they take.
vi.setConfig({ testTimeout: 60_000 });

test.for([
  ['http/protobuf', 'application/x-protobuf', 'none'],
  ['http/protobuf', 'application/x-protobuf', 'gzip'],
  ['http/json', 'application/json', 'none'],
] as const)(
  'an OTLP endpoint receives over %s what was recorded, with the resource (%s, compression %s)',
  async ([protocol, type, compression]) => {
    const sink = await startOtlpSink();
    const file = join(mkdtempSync(join(tmpdir(), 'nines-otlp-')), 'spans.jsonl');
    const env = {
      OTEL_SERVICE_NAME: 'under-test',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=api-7,k8s.namespace.name=shop,service.version=1.2.3',
      NINES_TRACES_FILE: file,
    };
    const child = startChild('registered.mjs', { flags: ['--import', '@nines/telemetry/register'], env });
    expect(await child.exit).toEqual(cleanExit);
    expect([...sink.contentTypes]).toEqual([type]);
    for (const { resource } of sink.spans) {
      expect(resource).toMatchObject({
        'service.name': 'under-test',
        'service.version': '1.2.3',
        'k8s.pod.name': 'api-7',
        'k8s.namespace.name': 'shop',
        'telemetry.sdk.language': 'nodejs',
      });
      expect(Object.keys(resource).filter((key) => key.startsWith('process.'))).toEqual([]);
    }
    const identity = (span: { traceId: string; spanId: string; parentSpanId?: string | undefined; name: string }): string =>
      `${span.traceId} ${span.parentSpanId ?? ''} ${span.spanId} ${span.name}`;
    expect(sink.spans.length).toBe(6);
    expect(sink.spans.map(identity).toSorted()).toEqual(readSpans(file).map(identity).toSorted());
    expect(sink.spans.filter(({ kind }) => kind === 2).length).toBe(3);
  },
);

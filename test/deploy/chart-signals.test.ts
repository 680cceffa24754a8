import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { connectionsOf, find, helm, ours, render } from './chart-signals.ts';

/** Where the chart sends what the services measure: the collector of traces, and who may reach it. */
vi.setConfig({ testTimeout: 120_000 });

interface CollectorConfig {
  readonly [part: string]: Readonly<Record<string, Record<string, unknown> | null>>;
}

describe.skipIf(helm === undefined)('traces', () => {
  const OTHER = ['otlp.collector=other', 'otlp.endpoint=http://tempo.observability:4318', 'otlp.namespace=observability'];

  test.each<[string, string[], string | undefined]>([
    ['none', ['otlp.collector=none'], undefined],
    ['managed', [], 'http://opentelemetry-collector.gke-managed-otel.svc.cluster.local:4318'],
    ['chart', ['otlp.collector=chart'], 'http://nines-collector:4318'],
    ['other', OTHER, 'http://tempo.observability:4318'],
  ])('with otlp.collector %s go where the variables of both services say', (_, set, endpoint) => {
    const manifests = render(...set);
    const settings = find(manifests, 'ConfigMap', 'nines-settings')?.data;
    expect(settings?.['OTEL_EXPORTER_OTLP_ENDPOINT']).toBe(endpoint);
    expect(settings?.['OTEL_EXPORTER_OTLP_PROTOCOL']).toBe(endpoint === undefined ? undefined : 'http/protobuf');
    for (const service of ['api', 'worker'])
      expect(podSpecOf(find(manifests, 'Deployment', `nines-${service}`)!)?.containers[0]?.envFrom).toEqual([
        { configMapRef: { name: 'nines-settings' } },
      ]);
    expect(find(manifests, 'Deployment', 'nines-collector') === undefined).toBe(endpoint !== 'http://nines-collector:4318');
  });

  test("go to Google's collector, and to no other address of Google", () => {
    expect(connectionsOf(render(), "Google's collector of traces", 'metadata server')).toEqual([
      "api → Google's collector of traces TCP/4318",
      "worker → Google's collector of traces TCP/4318",
    ]);
  });

  test('go to the collector of the chart, which alone may ask who it is and reach Google', () => {
    expect(connectionsOf(render('otlp.collector=chart'), 'collector', "Google's collector of traces", 'metadata server')).toEqual([
      'api → collector TCP/4318',
      'collector of metrics → collector TCP/8888',
      "collector → Google's services TCP/443",
      'collector → metadata server TCP/80',
      'worker → collector TCP/4318',
    ]);
  });

  test('reach the collector by its Service, and what it counts is read', () => {
    const manifests = render('otlp.collector=chart');
    const labels = ours('collector', '').labels;
    expect(find(manifests, 'Service', 'nines-collector')?.spec).toEqual({
      selector: labels,
      ports: [{ name: 'otlp', port: 4318, targetPort: 'otlp' }],
    });
    expect(find(manifests, 'PodMonitoring', 'nines-collector')?.spec).toMatchObject({
      selector: { matchLabels: labels },
      endpoints: [{ port: 'probes', path: '/metrics' }],
    });
    const [container] = podSpecOf(find(manifests, 'Deployment', 'nines-collector')!)!.containers;
    expect(container?.ports).toEqual([
      { name: 'otlp', containerPort: 4318 },
      { name: 'health', containerPort: 13133 },
      { name: 'probes', containerPort: 8888 },
    ]);
    expect(container?.image).toMatch(/^docker\.io\/otel\/opentelemetry-collector-contrib:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$/);
  });

  test('pass through a pipeline in which everything is bounded, nothing is unused and nothing is missing', () => {
    const text =
      find(render('otlp.collector=chart', 'collector.memoryMi=512'), 'ConfigMap', 'nines-collector')?.data?.['config.yaml'] ?? '';
    const config = parse(text) as CollectorConfig;
    const service = config['service'] as unknown as {
      extensions: string[];
      pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>>;
    };
    expect(Object.keys(service.pipelines)).toEqual(['traces']);
    const { receivers, processors, exporters } = service.pipelines['traces']!;
    expect({ receivers, processors: [...processors].sort(), exporters, extensions: service.extensions }).toEqual({
      receivers: Object.keys(config['receivers']!),
      processors: Object.keys(config['processors']!).sort(),
      exporters: Object.keys(config['exporters']!),
      extensions: Object.keys(config['extensions']!),
    });
    // The limiter must refuse before anything is kept; batches are made of what is complete.
    expect([processors[0], processors.at(-1)]).toEqual(['memory_limiter', 'batch']);
    expect(config['exporters']!['otlp_http']).toMatchObject({
      endpoint: 'https://telemetry.googleapis.com',
      auth: { authenticator: 'googleclientauth' },
      sending_queue: { enabled: true, queue_size: 200 },
      retry_on_failure: { enabled: true, max_elapsed_time: '120s' },
    });
    expect(config['processors']!['resource/project']).toEqual({
      attributes: [{ key: 'gcp.project_id', from_attribute: 'cloud.account.id', action: 'insert' }],
    });
    expect(processors.indexOf('resourcedetection')).toBeLessThan(processors.indexOf('resource/project'));
    expect(config['receivers']!['otlp']).toEqual({ protocols: { http: { endpoint: '0.0.0.0:4318' } } });
  });
});

import { describe, expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

describe('environment', () => {
  const none = { disabled: false, serviceName: undefined, exportsTraces: false, exportsMetrics: false, exportsLogs: false };

  test.for([
    [{}, {}],
    [{ OTEL_SDK_DISABLED: 'TRUE' }, { disabled: true }],
    [{ OTEL_SDK_DISABLED: '1' }, {}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { exportsTraces: true }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }, { exportsTraces: true }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, {}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, {}],
    [{ OTEL_TRACES_EXPORTER: 'console' }, { exportsTraces: true }],
    [
      { OTEL_METRICS_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp' },
      { exportsMetrics: true, exportsLogs: true },
    ],
    [{ OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' }, {}],
    [{ OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'service.name=b' }, { serviceName: 'a' }],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=p, service.name=b' }, { serviceName: 'b' }],
  ] as const)('%j', ([env, expected]) => {
    expect(readEnvironment(env)).toEqual({ ...none, ...expected });
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Manifest } from '../../tools/deploy/manifests.ts';
import { podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { ROOT } from '../../tools/workspace/packages.ts';
import { connectionsOf, find, helm, ours, render } from './chart-signals.ts';

/** The Grafana of the chart: what it shows, whom it asks, and that nobody else gets in. */
vi.setConfig({ testTimeout: 120_000 });

const ON_GOOGLE = ['grafana.enabled=true', 'grafana.projectId=my-project'];
const ELSEWHERE = [
  'grafana.enabled=true',
  'grafana.prometheusUrl=http://prometheus.monitoring:9091',
  'grafana.prometheusNamespace=monitoring',
  'grafana.prometheusPort=9091',
];

const provisioning = (manifests: readonly Manifest[], file: string): unknown =>
  parse(find(manifests, 'ConfigMap', 'nines-grafana')?.data?.[file] ?? '');

describe.skipIf(helm === undefined)('Grafana', () => {
  test('is not there unless it is asked for', () => {
    expect(render().filter(({ metadata }) => /grafana|frontend|dashboards/.test(metadata.name))).toEqual([]);
  });

  test('shows the committed dashboards, every one', () => {
    const folder = join(ROOT, 'deploy/dashboards');
    const committed = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(committed.length).toBeGreaterThan(1);
    expect(find(render(...ON_GOOGLE), 'ConfigMap', 'nines-dashboards')?.data).toEqual(
      Object.fromEntries(committed.map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
    );
  });

  test('is provisioned by files that say this and nothing else', () => {
    const manifests = render(...ON_GOOGLE);
    expect(Object.keys(find(manifests, 'ConfigMap', 'nines-grafana')?.data ?? {})).toEqual(['datasources.yaml', 'dashboards.yaml']);
    const source = {
      name: 'Prometheus',
      uid: 'prometheus',
      type: 'prometheus',
      access: 'proxy',
      url: 'http://nines-frontend:9090',
      isDefault: true,
      editable: false,
      jsonData: { httpMethod: 'GET', timeInterval: '30s' },
    };
    expect(provisioning(manifests, 'datasources.yaml')).toEqual({ apiVersion: 1, prune: true, datasources: [source] });
    expect(provisioning(render(...ELSEWHERE), 'datasources.yaml')).toMatchObject({
      datasources: [{ ...source, url: 'http://prometheus.monitoring:9091' }],
    });
    expect(provisioning(manifests, 'dashboards.yaml')).toEqual({
      apiVersion: 1,
      providers: [{ name: 'nines', type: 'file', disableDeletion: true, allowUiUpdates: false, options: { path: '/etc/dashboards' } }],
    });
  });

  test('finds its files where it looks for them, and writes only where it may', () => {
    const pod = podSpecOf(find(render(...ON_GOOGLE), 'Deployment', 'nines-grafana')!)!;
    const [container] = pod.containers;
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
    const mounts = Object.fromEntries(
      (container?.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => [name, [mountPath, readOnly]]),
    );
    expect(mounts).toEqual({
      data: [env['GF_PATHS_DATA'], undefined],
      temporary: ['/tmp', undefined],
      provisioning: [env['GF_PATHS_PROVISIONING'], true],
      dashboards: ['/etc/dashboards', true],
    });
    expect(env['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']).toBe('/etc/dashboards/error-budgets.json');
    const writable = pod.volumes?.filter(({ emptyDir }) => emptyDir !== undefined).map(({ name }) => name);
    expect(writable).toEqual(['data', 'temporary']);
    const provided = pod.volumes?.find(({ name }) => name === 'provisioning')?.configMap?.items;
    expect(provided).toEqual([
      { key: 'datasources.yaml', path: 'datasources/prometheus.yaml' },
      { key: 'dashboards.yaml', path: 'dashboards/nines.yaml' },
    ]);
  });

  test('lets nobody in without the password of the Secret, and is a Service of the cluster only', () => {
    const manifests = render(...ON_GOOGLE, 'grafana.existingSecret=other');
    const env = podSpecOf(find(manifests, 'Deployment', 'nines-grafana')!)?.containers[0]?.env;
    expect(env?.find(({ name }) => name === 'GF_SECURITY_ADMIN_PASSWORD')).toEqual({
      name: 'GF_SECURITY_ADMIN_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'other', key: 'GRAFANA_ADMIN_PASSWORD' } },
    });
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'GF_AUTH_ANONYMOUS_ENABLED', value: 'false' },
        { name: 'GF_USERS_ALLOW_SIGN_UP', value: 'false' },
      ]),
    );
    for (const name of ['grafana', 'frontend'])
      expect(find(manifests, 'Service', `nines-${name}`)?.spec).toMatchObject({ type: 'ClusterIP', selector: ours(name, '').labels });
  });

  test('on Google asks the frontend, which alone may ask who it is and reach Google', () => {
    const manifests = render(...ON_GOOGLE);
    expect(connectionsOf(manifests, 'grafana', 'frontend')).toEqual([
      "frontend → Google's services TCP/443",
      'frontend → metadata server TCP/80',
      'grafana → frontend TCP/9090',
    ]);
    expect(podSpecOf(find(manifests, 'Deployment', 'nines-frontend')!)?.containers[0]?.args).toEqual([
      '--web.listen-address=:9090',
      '--query.project-id=my-project',
    ]);
  });

  test('elsewhere asks the Prometheus that was named, and nobody else', () => {
    const manifests = render(...ELSEWHERE.slice(0, 3));
    expect(connectionsOf(manifests, 'grafana', 'frontend')).toEqual(['grafana → Prometheus of somebody TCP/9090']);
    expect(find(manifests, 'Deployment', 'nines-frontend')).toBeUndefined();
  });

  test.each(['grafana', 'frontend'])('%s is an image of one version and one digest', (name) => {
    const image = podSpecOf(find(render(...ON_GOOGLE), 'Deployment', `nines-${name}`)!)?.containers[0]?.image;
    expect(image).toMatch(/^[a-z.]+\/[a-z-]+\/[a-z-]+:v?\d+\.\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/);
  });
});

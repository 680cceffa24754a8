import type { IPodSpec } from 'kubernetes-models/v1';
import type { IGateway } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CustomResources } from '../../tools/deploy/custom-resources.ts';
import { checkManifests } from '../../tools/deploy/check.ts';
import { coreOnly, imagesReplaced } from '../../tools/deploy/checks/folders.ts';
import { nameOf } from '../../tools/deploy/finding.ts';
import { CHART, findHelm } from '../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { podFindings, podSpecOf } from '../../tools/deploy/pod-rules.ts';
import { K8S, VARIANTS } from '../../tools/deploy/render.ts';
import { RENDERINGS, renderingOf } from '../../tools/deploy/renderings.ts';
import { checkSchemas } from '../../tools/deploy/schema.ts';
import { ROOT } from '../../tools/workspace/packages.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const read = (name: string): Manifest[] =>
  readdirSync(join(K8S, name))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => parseManifests(readFileSync(join(K8S, name, file), 'utf8')));

/** A copy with one thing changed. */
function changed(manifest: Manifest | undefined, change: (copy: { spec: Record<string, never> }) => void): Manifest {
  const copy = structuredClone(manifest) as unknown as { spec: Record<string, never> };
  change(copy);
  return copy as unknown as Manifest;
}

const helm = findHelm();

describe.each(VARIANTS)('deploy/k8s/$name', ({ name }) => {
  const manifests = read(name);
  const [kustomization] = parseManifests(readFileSync(join(K8S, name, 'kustomization.yaml'), 'utf8'));

  test('every check of the chart holds for what is committed', () => {
    expect(manifests.length).toBeGreaterThan(15);
    expect(checkManifests(manifests)).toEqual([]);
  });

  test('every object, and its kustomization, has only fields that its type knows', () => {
    expect(checkSchemas([...manifests, { ...(kustomization as Manifest), metadata: undefined as never }])).toEqual([]);
  });

  test('every image without a registry is one that deploy/image replaces', () => {
    const { images } = kustomization as unknown as CustomResources['Kustomization'];
    const replaced = images.map((image) => image.name);
    expect(imagesReplaced(manifests, replaced)).toEqual([]);
  });

  test('the namespace is restricted', () => {
    expect(manifests.find(({ kind }) => kind === 'Namespace')?.metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });
});

// Without helm and without Go nothing can be rendered: these are skipped and counted.
describe.skipIf(helm === undefined)('every rendering', () => {
  const rendered = new Map(helm === undefined ? [] : RENDERINGS.map(([name, options]) => [name, renderingOf(helm, options)]));

  test('every file of values is rendered, alone or with others', () => {
    const files = readdirSync(CHART).filter((file) => /^values-.*\.yaml$/.test(file));
    const used = new Set(RENDERINGS.flatMap(([, { values = [] }]) => values));
    expect(files.filter((file) => !used.has(file))).toEqual([]);
  });

  test.each(RENDERINGS)('%s: every check holds', (name) => {
    const kinds = rendered.get(name)!.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['Deployment', 'Service', 'ServiceAccount', 'ConfigMap']));
    expect(checkManifests(rendered.get(name)!)).toEqual([]);
  });

  test('every object has only fields that its type knows', () => {
    const different = new Map([...rendered.values()].flat().map((manifest) => [JSON.stringify(manifest), manifest]));
    expect(different.size).toBeGreaterThan(3 * RENDERINGS.length);
    expect(checkSchemas([...different.values()])).toEqual([]);
  });
});

describe('what only one folder has', () => {
  test('base has no custom resource', () => {
    expect(coreOnly(read('base'))).toEqual([]);
  });

  test('gke adds gateway, certificate, metrics and rules', () => {
    const names = new Set(coreOnly(read('gke')).map(({ object }) => object));
    const custom = read('gke').filter((manifest) => names.has(nameOf(manifest)));
    expect(custom.map(({ kind }) => kind).sort()).toEqual(
      [
        'GCPBackendPolicy',
        'GCPGatewayPolicy',
        'Gateway',
        'HTTPRoute',
        'HTTPRoute',
        'HealthCheckPolicy',
        'PodMonitoring',
        'PodMonitoring',
        'Rules',
        'Rules',
      ].sort(),
    );
    const gateway = custom.find(({ kind }) => kind === 'Gateway') as unknown as IGateway;
    expect(gateway.metadata?.annotations).toEqual({ 'networking.gke.io/certmap': 'nines' });
    expect(gateway.spec.listeners?.map(({ protocol, port }) => `${protocol}/${port}`)).toEqual(['HTTP/80', 'HTTPS/443']);
  });

  test('on gke only the worker is on Spot, and ends within its 25 seconds', () => {
    const spot = read('gke').filter((manifest) => podSpecOf(manifest)?.nodeSelector?.['cloud.google.com/gke-spot'] === 'true');
    expect(spot.map(({ metadata }) => metadata.name)).toEqual(['nines-worker']);
    expect(podSpecOf(spot[0]!)?.terminationGracePeriodSeconds).toBe(25);
  });
});

describe('the checks themselves', () => {
  const deployment = read('base').find(({ kind }) => kind === 'Deployment');
  const pod = podSpecOf(deployment!)!;

  test('an unknown field is refused at any depth', () => {
    const wrong = changed(deployment, ({ spec }) =>
      Object.assign((spec as never as { template: { spec: IPodSpec } }).template.spec.containers[0]!, { lifecyle: {} }),
    );
    expect(checkSchemas([wrong])).toEqual([{ object: 'Deployment/nines-api', message: expect.stringContaining('lifecyle') as string }]);
  });

  test('a field that Google Managed Prometheus refuses is refused', () => {
    const rules = read('gke').find(({ kind, metadata }) => kind === 'Rules' && metadata.name === 'nines-objectives');
    const wrong = changed(rules, ({ spec }) =>
      Object.assign((spec as never as { groups: { rules: object[] }[] }).groups[0]!.rules[0]!, { keep_firing_for: '5m' }),
    );
    expect(checkSchemas([wrong])).toEqual([
      { object: 'Rules/nines-objectives', message: expect.stringContaining('keep_firing_for') as string },
    ]);
  });

  test.each<[string, (container: Record<string, unknown>, spec: Record<string, unknown>) => void]>([
    [
      'runAsNonRoot',
      (_, spec) => (spec['securityContext'] = { runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } }),
    ],
    ['runAsUser', (_, spec) => Object.assign(spec['securityContext'] as object, { runAsUser: 0 })],
    ['runAsGroup', (_, spec) => Object.assign(spec['securityContext'] as object, { runAsGroup: 0 })],
    ['seccompProfile', (_, spec) => Object.assign(spec['securityContext'] as object, { seccompProfile: { type: 'Unconfined' } })],
    ['allowPrivilegeEscalation', (container) => Object.assign(container['securityContext'] as object, { allowPrivilegeEscalation: true })],
    ['readOnlyRootFilesystem', (container) => Object.assign(container['securityContext'] as object, { readOnlyRootFilesystem: false })],
    ['privileged', (container) => Object.assign(container['securityContext'] as object, { privileged: true })],
    ['capabilities must drop ALL', (container) => Object.assign(container['securityContext'] as object, { capabilities: {} })],
    [
      'capabilities must add none',
      (container) => Object.assign(container['securityContext'] as object, { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
    ],
    ['hostPort', (container) => (container['ports'] = [{ hostPort: 80 }])],
    ['requests.cpu', (container) => (container['resources'] = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '64Mi' } })],
    [
      'requests.memory must',
      (container) => (container['resources'] = { requests: { cpu: '1', memory: '16Mi' }, limits: { memory: '16Mi' } }),
    ],
    ['limits.memory must', (container) => (container['resources'] = { requests: { cpu: '1', memory: '64Mi' }, limits: { memory: '1Gi' } })],
    [
      'limits.cpu must',
      (container) => (container['resources'] = { requests: { cpu: '1', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } }),
    ],
    ['hostNetwork', (_, spec) => (spec['hostNetwork'] = true)],
    ['hostPath', (_, spec) => (spec['volumes'] = [{ name: 'node', hostPath: { path: '/' } }])],
    ['automountServiceAccountToken', (_, spec) => delete spec['automountServiceAccountToken']],
    ['terminationGracePeriodSeconds', (_, spec) => (spec['nodeSelector'] = { 'cloud.google.com/gke-spot': 'true' })],
  ])('a pod that breaks %s is found, and nothing else about it', (rule, change) => {
    const copy = structuredClone(pod) as unknown as { containers: Record<string, unknown>[] } & Record<string, unknown>;
    change(copy.containers[0]!, copy);
    expect(podFindings(copy as unknown as IPodSpec)).toEqual([expect.stringContaining(rule)]);
  });
});

describe('alerts', () => {
  const { groups } = read('gke').find(({ kind, metadata }) => kind === 'Rules' && metadata.name === 'nines-objectives')!
    .spec as CustomResources['Rules']['spec'];
  const alerts = groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
  const documented = [
    join(ROOT, 'docs/metrics.md'),
    ...['queue', 'resilience', 'telemetry'].map((name) => join(ROOT, 'packages', name, 'README.md')),
  ]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');

  const rules = groups.flatMap((group) => group.rules);
  const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));

  test('and what is recorded for them ask for documented metrics only', () => {
    const names = rules.flatMap(({ expr }) => [...expr.matchAll(/(?<![\w:])([a-z][\w:]*)\{/g)].map(([, name]) => name!));
    expect(names.length).toBeGreaterThan(rules.length / 2);
    const unknown = names.filter(
      (name) => !recorded.has(name) && !new RegExp(`\\b${name.replace(/_(count|sum|bucket)$/, '')}\\b`).test(documented),
    );
    expect(unknown).toEqual([]);
  });

  test.each(alerts)('$alert says how urgent it is', ({ labels }) => {
    expect(labels).toMatchObject({ severity: expect.stringMatching(/^(page|ticket)$/) as string });
  });

  test('the four objectives, the queue and the breakers each have one', () => {
    expect([...new Set(alerts.map(({ alert }) => alert))]).toEqual([
      'AvailabilityBudgetBurn',
      'LatencyBudgetBurn',
      'DeliveryBudgetBurn',
      'FreshnessBudgetBurn',
      'QueueOldestJobTooOld',
      'QueueUnknown',
      'BreakerOpen',
    ]);
  });
});

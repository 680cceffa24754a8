import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findHelm } from '../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { allowedConnections, type Endpoint, type PortName } from '../../tools/deploy/network-matrix.ts';
import { K8S } from '../../tools/deploy/render.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const policiesOf = (name: string): Manifest[] =>
  readdirSync(join(K8S, name))
    .filter((file) => file.endsWith('.networkpolicy.yaml'))
    .flatMap((file) => parseManifests(readFileSync(join(K8S, name, file), 'utf8')));

const ours = (component: string, ip: string): Endpoint => ({
  name: component,
  ip,
  namespace: 'nines',
  labels: { 'app.kubernetes.io/name': 'nines', 'app.kubernetes.io/instance': 'nines', 'app.kubernetes.io/component': component },
});

/** Whoever could try to talk to one of our pods, or be talked to. */
const ENDPOINTS: readonly Endpoint[] = [
  ours('api', '10.1.0.1'),
  ours('worker', '10.1.0.2'),
  ours('redis', '10.1.0.3'),
  { name: 'stranger in our namespace', ip: '10.1.0.4', namespace: 'nines', labels: { app: 'stranger' } },
  { name: 'stranger elsewhere', ip: '10.1.0.5', namespace: 'default', labels: { 'app.kubernetes.io/component': 'api' } },
  { name: 'other api', ip: '10.1.0.6', namespace: 'staging', labels: ours('api', '').labels! },
  { name: 'kube-dns', ip: '10.1.0.7', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  { name: 'another pod of kube-system', ip: '10.1.0.8', namespace: 'kube-system', labels: { 'k8s-app': 'metrics-server' } },
  { name: 'gmp collector', ip: '10.1.0.9', namespace: 'gmp-system', labels: { 'app.kubernetes.io/name': 'collector' } },
  { name: 'gke gmp collector', ip: '10.1.0.10', namespace: 'gke-gmp-system', labels: { 'app.kubernetes.io/name': 'collector' } },
  { name: 'gmp alertmanager', ip: '10.1.0.11', namespace: 'gmp-system', labels: { 'app.kubernetes.io/name': 'alertmanager' } },
  { name: 'traces collector', ip: '10.1.0.12', namespace: 'observability', labels: { app: 'collector' } },
  { name: "Google's traces collector", ip: '10.1.0.13', namespace: 'gke-managed-otel', labels: { app: 'opentelemetry-collector' } },
  { name: 'node-local dns', ip: '169.254.20.10' },
  { name: 'metadata server', ip: '169.254.169.254' },
  { name: 'load balancer', ip: '35.191.10.20' },
  { name: 'health checker', ip: '130.211.1.2' },
  { name: 'just outside of the load balancers', ip: '130.211.4.1' },
  { name: 'internet', ip: '203.0.113.9' },
  { name: 'private host', ip: '10.200.0.1' },
  { name: 'private host 172', ip: '172.20.0.1' },
  { name: 'private host 192', ip: '192.168.1.1' },
  { name: 'carrier-grade host', ip: '100.64.0.1' },
];

const PORTS: readonly PortName[] = [
  'TCP/53',
  'UDP/53',
  'TCP/80',
  'TCP/443',
  'UDP/443',
  'TCP/988',
  'TCP/4318',
  'TCP/6379',
  'TCP/8080',
  'TCP/9464',
  'TCP/9465',
];

/** Whoever is outside of our namespace has no policy of ours; what they say to each other is not ours to list. */
const OURS = '(api|worker|redis|stranger in our namespace)';
const about = (connections: readonly string[]) => connections.filter((each) => new RegExp(`^${OURS} →|→ ${OURS} (TCP|UDP)/`).test(each));

const table = (text: string) =>
  text
    .trim()
    .split('\n')
    .flatMap((row) => {
      const [source = '', destinations = '', ports = ''] = row.split('|').map((cell) => cell.trim());
      return destinations.split(', ').flatMap((destination) => ports.split(' ').map((port) => `${source} → ${destination} ${port}`));
    })
    .sort();

const EVERYWHERE = `
  api    | redis                              | TCP/6379
  worker | redis                              | TCP/6379
  api    | kube-dns                           | TCP/53 UDP/53
  worker | kube-dns                           | TCP/53 UDP/53
  worker | internet, just outside of the load balancers, load balancer, health checker | TCP/443`;

const ON_GKE = `${EVERYWHERE}
  api               | node-local dns, metadata server | TCP/53 UDP/53
  worker            | node-local dns, metadata server | TCP/53 UDP/53
  api               | Google's traces collector       | TCP/4318
  worker            | Google's traces collector       | TCP/4318
  load balancer     | api                             | TCP/8080 TCP/9464
  health checker    | api                             | TCP/8080 TCP/9464
  gmp collector     | api, worker                     | TCP/9464
  gke gmp collector | api, worker                     | TCP/9464`;

describe('source × destination × port', () => {
  test.each([
    ['base', EVERYWHERE],
    ['gke', ON_GKE],
  ])('of deploy/k8s/%s: this and nothing else', (name, expected) => {
    expect(about(allowedConnections(policiesOf(name), ENDPOINTS, PORTS))).toEqual(table(expected));
  });

  test.skipIf(findHelm() === undefined)('of an installation that sends traces', () => {
    const rendered = findHelm()!.template({
      set: [
        'image.kustomize=true',
        'otlp.collector=other',
        'otlp.endpoint=http://collector.observability:4318',
        'otlp.namespace=observability',
      ],
      values: ['values-local.yaml'],
    });
    expect(rendered.ok && about(allowedConnections(parseManifests(rendered.text), ENDPOINTS, PORTS))).toEqual(
      table(`${EVERYWHERE}
        api    | traces collector | TCP/4318
        worker | traces collector | TCP/4318`),
    );
  });
});

describe('what the matrix understands', () => {
  const policy = (spec: object): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'n' },
    spec,
  });
  const pod = (name: string, namespace = 'n'): Endpoint => ({ name, ip: '10.0.0.1', namespace, labels: { app: name } });
  const pair = [pod('a'), pod('b')];
  const all = ['a → b TCP/80', 'b → a TCP/80'];
  const connections = (...specs: object[]) => allowedConnections(specs.map(policy), pair, ['TCP/80']);
  const deny = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };

  test.each<[string, object[], string[]]>([
    ['no policy opens all', [], all],
    ['a policy without rules closes all', [deny], []],
    ['rules of policies add up', [deny, { podSelector: {}, ingress: [{}], egress: [{}] }], all],
    ['both ends must agree', [deny, { podSelector: {}, policyTypes: ['Egress'], egress: [{}] }], []],
    ['ingress alone leaves egress open', [{ podSelector: { matchLabels: { app: 'a' } } }], ['a → b TCP/80']],
    ['a rule holds for its ports', [{ podSelector: {}, ingress: [{ ports: [{ port: 81 }] }] }], []],
    ['a range of ports', [{ podSelector: {}, ingress: [{ ports: [{ port: 79, endPort: 81 }] }] }], all],
    ['another protocol', [{ podSelector: {}, ingress: [{ ports: [{ protocol: 'UDP', port: 80 }] }] }], []],
    [
      'a pod of this namespace',
      [{ podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'a' } } }] }] }],
      ['a → b TCP/80'],
    ],
    [
      'a namespace',
      [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'm' } } }] }] }],
      [],
    ],
    ['every namespace', [{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }], all],
    ['a block of addresses', [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }], all],
    [
      'a block with an exception',
      [{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/24'] } }] }] }],
      [],
    ],
    ['In', [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] } }], ['a → b TCP/80']],
    ['NotIn', [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] } }], ['b → a TCP/80']],
    ['Exists', [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } }], []],
    ['DoesNotExist', [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }], all],
  ])('%s', (_, specs, expected) => {
    expect(connections(...specs)).toEqual(expected);
  });
});

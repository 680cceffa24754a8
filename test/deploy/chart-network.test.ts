import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findHelm } from '../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { nameOf } from '../../tools/deploy/finding.ts';
import { allowedConnections, type Endpoint } from '../../tools/deploy/network-matrix.ts';
import { withoutEachPart } from '../../tools/deploy/network-parts.ts';
import { K8S } from '../../tools/deploy/render.ts';
import { RENDERINGS, renderingOf } from '../../tools/deploy/renderings.ts';
import { workloadsOf } from '../../tools/deploy/workloads.ts';
import { endpointsOf, portsOf } from './network-endpoints.ts';

// Each starts compilers, kubectl or helm: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const read = (name: string): Manifest[] =>
  readdirSync(join(K8S, name))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => parseManifests(readFileSync(join(K8S, name, file), 'utf8')));

const helm = findHelm();
const matrixOf = (manifests: readonly Manifest[], policies = manifests) =>
  allowedConnections(policies, endpointsOf(manifests), portsOf(manifests));

/** Whoever is outside of our namespace has no policy of ours; what they say to each other is not ours to list. */
function about(manifests: readonly Manifest[], connections: readonly string[]): string[] {
  const ours = endpointsOf(manifests)
    .filter(({ namespace }) => namespace === 'nines')
    .map(({ name }) => name);
  return connections.filter((each) => new RegExp(`^(${ours.join('|')}) →|→ (${ours.join('|')}) (TCP|UDP)/`).test(each));
}

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
  api               | node-local dns, cache of names, metadata server | TCP/53 UDP/53
  worker            | node-local dns, cache of names, metadata server | TCP/53 UDP/53
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
    expect(about(read(name), matrixOf(read(name)))).toEqual(table(expected));
  });
});

/**
 * Five or more for each workload, from ARCHITECTURE.md and deploy/CHART.md: what must be possible, and what must not be, whatever the switches.
 * "gke": with values-gke.yaml only. "traces": where they go to a collector.
 */
const CELLS = `
  load balancer             → api TCP/8080                          | gke    | requests
  health checker            → api TCP/9464                          | gke    | is the pod ready?
  gmp collector             → api TCP/9464                          | gke    | metrics
  api                       → redis TCP/6379                        | always | enqueue
  api                       → traces collector TCP/4318             | traces | traces
  api                       → internet TCP/443                      | never  | only the worker delivers
  api                       → metadata server TCP/80                | never  | it needs no identity
  internet                  → api TCP/8080                          | never  | but through the load balancer
  other api                 → api TCP/8080                          | never  | another installation is a stranger
  stranger in our namespace → api TCP/9465                          | never  | the server for operators is on the loopback address
  worker                    → redis TCP/6379                        | always | claim and settle
  worker                    → internet TCP/443                      | always | deliveries
  worker                    → kube-dns UDP/53                       | always | names
  worker                    → cache of names UDP/53                 | gke    | names, by way of the node
  gke gmp collector         → worker TCP/9464                       | gke    | metrics
  worker                    → metadata server TCP/80                | never  | a delivery must not fetch a token
  worker                    → metadata server of the node TCP/988   | never  | nor by its other address
  worker                    → private host TCP/443                  | never  | a delivery must not reach what is inside
  worker                    → api TCP/8080                          | never  | it works from the queue
  load balancer             → worker TCP/9464                       | never  | no traffic is routed to a worker
  api                       → worker TCP/9464                       | never  | they meet in Redis
  redis                     → internet TCP/443                      | never  | it asks nobody
  redis                     → kube-dns UDP/53                       | never  | not even for names
  stranger in our namespace → redis TCP/6379                        | never  | api and worker only
  other api                 → redis TCP/6379                        | never  | one Redis an installation
  gmp collector             → redis TCP/6379                        | never  | the queue is measured by api and worker
  api                       → collector TCP/4318                    | always | traces
  worker                    → collector TCP/4318                    | always | traces
  collector                 → metadata server TCP/80                | always | the token of its workload identity
  collector                 → internet TCP/443                      | always | it sends on to Google
  collector                 → redis TCP/6379                        | never  | it has no business there
  stranger in our namespace → collector TCP/4318                    | never  | api and worker only
  internet                  → collector TCP/4318                    | never  | nobody outside sends traces
  worker                    → receiver TCP/8080                     | always | deliveries to try with
  api                       → receiver TCP/8080                     | never  | only the worker delivers
  stranger in our namespace → receiver TCP/8080                     | never  | only the worker delivers
  receiver                  → kube-dns UDP/53                       | never  | it asks nobody
  receiver                  → internet TCP/443                      | never  | it asks nobody
  test                      → api TCP/8080                          | always | the event of \`helm test\`
  test                      → kube-dns UDP/53                       | always | the name of the api
  test                      → redis TCP/6379                        | never  | it goes the way of a caller
  test                      → internet TCP/443                      | never  | it asks the api alone
  stranger in our namespace → test TCP/8080                         | never  | it serves nobody
  grafana                   → kube-dns UDP/53                       | always | names
  grafana                   → frontend TCP/9090                     | always | the series of Managed Prometheus
  grafana                   → internet TCP/443                      | never  | no plugins, no telemetry of its own
  grafana                   → redis TCP/6379                        | never  | it shows series, not jobs
  load balancer             → grafana TCP/3000                      | never  | kubectl port-forward alone leads to it
  stranger in our namespace → grafana TCP/3000                      | never  | kubectl port-forward alone leads to it
  frontend                  → metadata server TCP/80                | always | the token of its workload identity
  frontend                  → internet TCP/443                      | always | it asks Google
  api                       → frontend TCP/9090                     | never  | Grafana alone asks
  stranger in our namespace → frontend TCP/9090                     | never  | Grafana alone asks
  frontend                  → redis TCP/6379                        | never  | it has no business there`;

describe.skipIf(helm === undefined)('every rendering', () => {
  const rendered = (helm === undefined ? [] : RENDERINGS)
    .map(([name, options]) => ({ name, options, manifests: renderingOf(helm!, options) }))
    .filter(({ manifests }) => manifests.some(({ kind }) => kind === 'NetworkPolicy'));
  const cells = CELLS.trim()
    .split('\n')
    .map((line) => {
      const [connection = '', where = ''] = line.split('|').map((part) => part.trim().replaceAll(/ +→/g, ' →'));
      return { connection, where };
    });

  test.each(rendered)('$name: what is written by hand holds', ({ options, manifests }) => {
    const allowed = new Set<string>(matrixOf(manifests));
    const names = new Set(endpointsOf(manifests).map(({ name }) => name));
    const words = new Set(['always']);
    if (options.values?.includes('values-gke.yaml')) words.add('gke');
    if (options.set?.some((each) => each.startsWith('otlp.endpoint='))) words.add('traces');
    const asked = cells.filter(({ connection }) => partners(connection).every((name) => names.has(name)));
    expect(asked.length).toBeGreaterThan(15);
    const wrong = asked.filter(({ connection, where }) => allowed.has(connection) !== words.has(where));
    expect(wrong).toEqual([]);
  });

  test('every cell is about somebody whom some rendering has', () => {
    const names = new Set(rendered.flatMap(({ manifests }) => endpointsOf(manifests).map(({ name }) => name)));
    expect(cells.filter(({ connection }) => !partners(connection).every((name) => names.has(name)))).toEqual([]);
  });

  test('each workload has five cells, allowed ones and refused ones', () => {
    const workloads = new Set(
      rendered.flatMap(({ manifests }) => workloadsOf(manifests).map(({ labels }) => labels['app.kubernetes.io/component'])),
    );
    for (const workload of workloads) {
      const own = cells.filter(({ connection }) => partners(connection).includes(workload ?? ''));
      expect(own.length, workload).toBeGreaterThanOrEqual(5);
      expect(new Set(own.map(({ where }) => where === 'never')), workload).toEqual(new Set([true, false]));
    }
  });

  // Many have the same policies: each set of them once.
  const different = rendered.filter(
    ({ manifests }, at) => at === rendered.findIndex((other) => policiesOf(other.manifests) === policiesOf(manifests)),
  );

  test.each(different)('$name: without any one rule, some connection changes', ({ manifests }) => {
    const whole = matrixOf(manifests).join('\n');
    const reductions = withoutEachPart(manifests);
    expect(reductions.length).toBeGreaterThan(15);
    const idle = reductions.filter(({ policies }) => matrixOf(manifests, policies).join('\n') === whole);
    expect(idle.map(({ part }) => part)).toEqual([]);
  });

  test('a rule that allows what is allowed already is found', () => {
    const { manifests } = rendered[0]!;
    const twice = structuredClone(manifests);
    const { egress } = twice.find((each) => nameOf(each) === 'NetworkPolicy/nines-api')!.spec as { egress: object[] };
    egress.push(structuredClone(egress[0]!));
    const whole = matrixOf(twice).join('\n');
    expect(withoutEachPart(twice).filter(({ policies }) => matrixOf(twice, policies).join('\n') === whole)).not.toEqual([]);
  });
});

const policiesOf = (manifests: readonly Manifest[]) => JSON.stringify(manifests.filter(({ kind }) => kind === 'NetworkPolicy'));

/** `api → redis TCP/6379` → api and redis. */
const partners = (connection: string): string[] => connection.replace(/ \S+$/, '').split(' → ');

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

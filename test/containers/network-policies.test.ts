import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../../tools/cluster/cluster.ts';
import { chainsOf, tableOf, type Chain, type Endpoint } from '../../tools/cluster/firewall.ts';
import { exampleImages } from '../../tools/cluster/images.ts';
import type { Program } from '../../tools/cluster/program.ts';
import { renderedManifests } from '../../tools/cluster/rendered.ts';
import { newSecrets } from '../../tools/cluster/secrets.ts';
import { findHelm } from '../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { allowedConnections, type PortName } from '../../tools/deploy/network-matrix.ts';
import { imageOf } from '../../tools/test/containers.ts';
import { findCluster } from './rung.ts';

const { containers, skipped } = await findCluster();
const { secrets } = newSecrets('http://subscriber.example:443/hooks');
const API = { 'app.kubernetes.io/name': 'nines', 'app.kubernetes.io/instance': 'nines', 'app.kubernetes.io/component': 'api' };

/** Whoever could try to talk to one of our pods, or be talked to; kube-dns is there already. */
const MACHINES: readonly Endpoint[] = [
  { name: 'stranger in our namespace', ip: '10.1.0.4', namespace: 'nines', labels: { app: 'stranger' } },
  { name: 'stranger elsewhere', ip: '10.1.0.5', namespace: 'default', labels: { 'app.kubernetes.io/component': 'api' } },
  { name: 'other api', ip: '10.1.0.6', namespace: 'staging', labels: API },
  { name: 'another pod of kube-system', ip: '10.1.0.8', namespace: 'kube-system', labels: { 'k8s-app': 'metrics-server' } },
  { name: 'gmp collector', ip: '10.1.0.9', namespace: 'gmp-system', labels: { 'app.kubernetes.io/name': 'collector' } },
  { name: 'gke gmp collector', ip: '10.1.0.10', namespace: 'gke-gmp-system', labels: { 'app.kubernetes.io/name': 'collector' } },
  { name: 'gmp alertmanager', ip: '10.1.0.11', namespace: 'gmp-system', labels: { 'app.kubernetes.io/name': 'alertmanager' } },
  { name: 'traces collector', ip: '10.1.0.12', namespace: 'observability', labels: { app: 'collector' } },
  { name: "Google's traces collector", ip: '10.1.0.13', namespace: 'gke-managed-otel', labels: { app: 'opentelemetry-collector' } },
  { name: 'receiver in the cluster', ip: '10.1.0.14', namespace: 'nines', labels: { ...API, 'app.kubernetes.io/component': 'receiver' } },
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

const NAMES = { api: 'nines-api-10-1-0-1', worker: 'nines-worker-10-1-0-2', redis: 'nines-redis-10-1-0-3' };
const minus = (all: readonly string[], some: readonly string[]): string[] => all.filter((one) => !some.includes(one));

describe.skipIf(skipped !== undefined)('the network policies, measured with packets', () => {
  const gke = renderedManifests('gke');
  let cluster: Cluster;
  /** Who tries and listens at each endpoint. */
  const probes = new Map<string, Program>();

  beforeAll(async () => {
    const { standIn } = await containers.images();
    const images = await exampleImages(containers, standIn, imageOf);
    cluster = await Cluster.start({ engine: containers, manifests: gke, images, secrets });
    const probe = new URL('../../tools/cluster/probe.ts', import.meta.url);
    for (const machine of MACHINES) probes.set(machine.name, await cluster.addMachine(machine));
    probes.set('kube-dns', cluster.machine('kube-dns'));
    const pods = await Promise.all([
      cluster.addPod('redis', '10.1.0.3'),
      cluster.addPod('api', '10.1.0.1'),
      cluster.addPod('worker', '10.1.0.2'),
    ]);
    for (const pod of pods) {
      probes.set(pod.name, await cluster.program(probe, pod.pid));
      pod.start();
    }
    const [store, ...services] = pods.map(({ process }) => process);
    await store?.line(({ text }) => text.includes('Ready to accept connections'));
    await Promise.all(services.map((process) => process.line(({ fields }) => fields['msg'] === 'health check up')));
    await Promise.all([...probes.values()].map((each) => each.call('listen', PORTS)));
  }, 600_000);
  afterAll(() => cluster?.close(), 120_000);

  /** Every source × destination × port of which one end is a pod, or this one, tried at once. */
  async function measure(about?: string): Promise<{ readonly cells: number; readonly open: string[]; readonly silent: string[] }> {
    const concerns = (end: Endpoint) => (about === undefined ? end.namespace !== undefined : end.name === about);
    const tried = await Promise.all(
      cluster.endpoints.map(async (source) => {
        const targets = cluster.endpoints
          .filter((destination) => destination !== source && (concerns(source) || concerns(destination)))
          .flatMap(({ name, ip }) => PORTS.map((port) => ({ name, ip, port })));
        const found = (await probes.get(source.name)?.call('reach', targets)) as string[];
        return targets.map(({ name, port }, index) => ({ cell: `${source.name} → ${name} ${port}`, found: found[index] }));
      }),
    );
    const cells = tried.flat();
    const those = (wanted: string) => cells.filter(({ found }) => found === wanted).map(({ cell }) => cell);
    return { cells: cells.length, open: those('open').sort(), silent: those('silent') };
  }

  /** Enforces the chains for connections that are made from now on, and measures. */
  let zone = 1;
  async function measuredWith(chains: readonly Chain[], about?: string): ReturnType<typeof measure> {
    await cluster.network.enforce(tableOf(chains, (zone += 1)));
    return measure(about);
  }

  const withOtlp = (): Manifest[] => {
    const collector = ['otlp.collector=other', 'otlp.endpoint=http://collector.observability:4318', 'otlp.namespace=observability'];
    const text = findHelm()?.template({ set: ['image.kustomize=true', ...collector], values: ['values-local.yaml'] });
    if (text?.ok !== true) throw new Error(`the chart was not rendered: ${text?.message}`);
    return parseManifests(text.text);
  };

  test('without policies every way is open: what is refused below is refused by them', async () => {
    await cluster.network.open();
    const { cells, open } = await measure();
    expect(open).toHaveLength(cells);
    expect(cells).toBeGreaterThan(4000);
  });

  test.for<[string, () => Manifest[], boolean]>([
    ['deploy/k8s/base', () => renderedManifests('base'), true],
    ['deploy/k8s/gke', () => gke, true],
    ['an installation that sends traces', withOtlp, findHelm() !== undefined],
  ])('%s: the packets and the computed matrix differ nowhere', async ([name, manifests, possible], { skip }) => {
    if (!possible) skip('there is neither Helm nor Go to render with');
    const computed: string[] = allowedConnections(manifests(), cluster.endpoints, PORTS);
    const { cells, open, silent } = await measuredWith(chainsOf(manifests(), cluster.endpoints));
    const differences = [...minus(open, computed), ...minus(computed, open)];
    process.stderr.write(`${name}: ${cells} cells measured, ${open.length} open, ${differences.length} differences\n`);
    expect({ differences, silent }).toEqual({ differences: [], silent: [] });
    expect(open.length).toBeGreaterThan(0);
    expect(open.length).toBeLessThan(cells);
  });

  /** The chains of deploy/k8s/gke, with one of them changed. */
  const changed = (pod: string, direction: Chain['direction'], change: (allowed: readonly string[]) => readonly string[]) =>
    chainsOf(gke, cluster.endpoints).map((chain) =>
      chain.pod === pod && chain.direction === direction ? { ...chain, allowed: change(chain.allowed) } : chain,
    );

  test('a rule that is missing is seen, in exactly its cells', async () => {
    const right: string[] = allowedConnections(gke, cluster.endpoints, PORTS);
    const { open } = await measuredWith(changed(NAMES.api, 'Egress', (allowed) => allowed.filter((match) => !match.includes('6379'))));
    expect({ missing: minus(right, open), more: minus(open, right) }).toEqual({
      missing: [`${NAMES.api} → ${NAMES.redis} TCP/6379`],
      more: [],
    });
  });

  test('a rule too many is seen, in exactly its cells', async () => {
    const right: string[] = allowedConnections(gke, cluster.endpoints, PORTS);
    const { open } = await measuredWith(
      changed(NAMES.worker, 'Egress', (allowed) => [...allowed, 'ip daddr 169.254.169.254 tcp dport 80']),
    );
    expect({ missing: minus(right, open), more: minus(open, right) }).toEqual({
      missing: [],
      more: [`${NAMES.worker} → metadata server TCP/80`],
    });
  });

  test('no rule of deploy/k8s/gke can be spared: without it some packet does not arrive, and no other does', async () => {
    const chains = chainsOf(gke, cluster.endpoints).filter(({ allowed }) => allowed.length > 0);
    const rules = chains.flatMap(({ pod, direction, allowed }) => allowed.map((match) => ({ pod, direction, match })));
    const spared: string[] = [];
    for (const { pod, direction, match } of rules) {
      const right = (allowedConnections(gke, cluster.endpoints, PORTS) as string[]).filter((cell) => cell.includes(pod));
      const { open } = await measuredWith(
        changed(pod, direction, (allowed) => allowed.filter((one) => one !== match)),
        pod,
      );
      expect(minus(open, right)).toEqual([]);
      if (minus(right, open).length === 0) spared.push(`${pod} ${direction} ${match}`);
    }
    process.stderr.write(`deploy/k8s/gke: ${rules.length} rules of ${chains.length} chains, ${spared.length} not needed\n`);
    expect(spared).toEqual([]);
  });
});

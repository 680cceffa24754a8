import { findHelm, GKE_APIS, type Helm } from '../../tools/deploy/helm.ts';
import { parseManifests, type Manifest } from '../../tools/deploy/manifests.ts';
import { allowedConnections, type Endpoint, type PortName } from '../../tools/deploy/network-matrix.ts';

/** What the tests of the collector of traces and of Grafana share: the chart rendered for GKE, and who is around. */
export const helm: Helm | undefined = findHelm();

export function render(...set: string[]): Manifest[] {
  const rendered = helm!.template({ set: ['image.kustomize=true', ...set], values: ['values-gke.yaml'], apiVersions: GKE_APIS });
  if (!rendered.ok) throw new Error(rendered.message);
  return parseManifests(rendered.text);
}

export const find = (manifests: readonly Manifest[], kind: string, name: string): Manifest | undefined =>
  manifests.find((each) => each.kind === kind && each.metadata.name === name);

export const ours = (component: string, ip: string): Endpoint => ({
  name: component,
  ip,
  namespace: 'nines',
  labels: { 'app.kubernetes.io/name': 'nines', 'app.kubernetes.io/instance': 'nines', 'app.kubernetes.io/component': component },
});

const ENDPOINTS: readonly Endpoint[] = [
  ours('api', '10.1.0.1'),
  ours('worker', '10.1.0.2'),
  ours('redis', '10.1.0.3'),
  ours('collector', '10.1.0.4'),
  ours('grafana', '10.1.0.5'),
  ours('frontend', '10.1.0.6'),
  { name: 'stranger in our namespace', ip: '10.1.0.7', namespace: 'nines', labels: { app: 'stranger' } },
  { name: 'stranger elsewhere', ip: '10.1.0.8', namespace: 'default', labels: ours('api', '').labels! },
  { name: "Google's collector of traces", ip: '10.1.0.9', namespace: 'gke-managed-otel', labels: { app: 'opentelemetry-collector' } },
  { name: 'collector of metrics', ip: '10.1.0.10', namespace: 'gke-gmp-system', labels: { 'app.kubernetes.io/name': 'collector' } },
  { name: 'Prometheus of somebody', ip: '10.1.0.11', namespace: 'monitoring', labels: { app: 'prometheus' } },
  { name: 'metadata server', ip: '169.254.169.254' },
  { name: "Google's services", ip: '142.250.1.1' },
  { name: 'private host', ip: '10.200.0.1' },
];
const PORTS: readonly PortName[] = [
  'TCP/80',
  'TCP/443',
  'TCP/988',
  'TCP/3000',
  'TCP/4317',
  'TCP/4318',
  'TCP/8888',
  'TCP/9090',
  'TCP/9464',
  'TCP/13133',
];

/** What the policies allow between a pod of our namespace and one of these, on the ports above; others have no policy of ours. */
export const connectionsOf = (manifests: readonly Manifest[], ...names: string[]): string[] => {
  const home = new Set(ENDPOINTS.filter(({ namespace }) => namespace === 'nines').map(({ name }) => name));
  return allowedConnections(manifests, ENDPOINTS, PORTS).filter((each) => {
    const [source = '', destination = ''] = each.replace(/ \w+\/\d+$/, '').split(' → ');
    return (home.has(source) || home.has(destination)) && (names.includes(source) || names.includes(destination));
  });
};

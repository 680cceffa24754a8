import type { Manifest } from '../../tools/deploy/manifests.ts';
import type { Endpoint, PortName } from '../../tools/deploy/network-matrix.ts';
import { workloadsOf } from '../../tools/deploy/workloads.ts';

const pod = (name: string, ip: string, namespace: string, labels: Readonly<Record<string, string>>): Endpoint => ({
  name,
  ip,
  namespace,
  labels,
});

/** Whoever else could try to talk to one of our pods, or be talked to. */
const OTHERS: readonly Endpoint[] = [
  pod('stranger in our namespace', '10.1.0.4', 'nines', { app: 'stranger' }),
  pod('stranger elsewhere', '10.1.0.5', 'default', { 'app.kubernetes.io/component': 'api' }),
  pod('other api', '10.1.0.6', 'staging', {
    'app.kubernetes.io/name': 'nines',
    'app.kubernetes.io/instance': 'nines',
    'app.kubernetes.io/component': 'api',
  }),
  pod('kube-dns', '10.1.0.7', 'kube-system', { 'k8s-app': 'kube-dns' }),
  pod('cache of names', '10.1.0.19', 'kube-system', { 'k8s-app': 'node-local-dns' }),
  pod('another pod of kube-system', '10.1.0.8', 'kube-system', { 'k8s-app': 'metrics-server' }),
  pod('gmp collector', '10.1.0.9', 'gmp-system', { 'app.kubernetes.io/name': 'collector' }),
  pod('gke gmp collector', '10.1.0.10', 'gke-gmp-system', { 'app.kubernetes.io/name': 'collector' }),
  pod('gmp alertmanager', '10.1.0.11', 'gmp-system', { 'app.kubernetes.io/name': 'alertmanager' }),
  pod('traces collector', '10.1.0.12', 'observability', { app: 'collector' }),
  pod("Google's traces collector", '10.1.0.13', 'gke-managed-otel', { app: 'opentelemetry-collector' }),
  pod('metrics frontend', '10.1.0.14', 'gmp-public', { app: 'frontend' }),
  pod('grafana elsewhere', '10.1.0.15', 'monitoring', { 'app.kubernetes.io/name': 'grafana' }),
  pod('ingress controller', '10.1.0.16', 'ingress', { app: 'controller' }),
  pod('subscriber in the cluster', '10.1.0.17', 'shop', { app: 'subscriber' }),
  pod('prometheus', '10.1.0.18', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  { name: 'node-local dns', ip: '169.254.20.10' },
  // Where a pod gets the token of its workload identity: port 80, and 988 on the address behind it.
  { name: 'metadata server', ip: '169.254.169.254' },
  { name: 'metadata server of the node', ip: '169.254.169.252' },
  { name: 'load balancer', ip: '35.191.10.20' },
  { name: 'health checker', ip: '130.211.1.2' },
  { name: 'just outside of the load balancers', ip: '130.211.4.1' },
  { name: 'internet', ip: '203.0.113.9' },
  { name: 'memorystore', ip: '10.0.0.3' },
  { name: 'private host', ip: '10.200.0.1' },
  { name: 'private host 172', ip: '172.20.0.1' },
  { name: 'private host 192', ip: '192.168.1.1' },
  { name: 'carrier-grade host', ip: '100.64.0.1' },
  { name: 'this network', ip: '0.0.0.1' },
  { name: 'loopback', ip: '127.0.0.1' },
  { name: 'protocol assignments', ip: '192.0.0.8' },
  { name: 'benchmark host', ip: '198.18.0.1' },
  { name: 'multicast', ip: '224.0.0.1' },
  { name: 'reserved', ip: '240.0.0.1' },
];

/** What each workload is called is its component; all others are above. */
export function endpointsOf(manifests: readonly Manifest[]): Endpoint[] {
  const ours = workloadsOf(manifests).map(({ manifest, labels }, at) =>
    pod(labels['app.kubernetes.io/component'] ?? manifest.metadata.name, `10.2.0.${at + 1}`, 'nines', labels),
  );
  return [...ours, ...OTHERS];
}

const PORTS: readonly PortName[] = [
  'TCP/53',
  'UDP/53',
  'TCP/80',
  'TCP/443',
  'UDP/443',
  'TCP/988',
  'TCP/3000',
  'TCP/4318',
  'TCP/6378',
  'TCP/6379',
  'TCP/8080',
  'TCP/8443',
  'TCP/9090',
  'TCP/9464',
  'TCP/9465',
];

/** The ports that people try, and all on which one of our pods listens. */
export function portsOf(manifests: readonly Manifest[]): PortName[] {
  const listening = workloadsOf(manifests).flatMap(({ pod: { containers } }) => containers.flatMap(({ ports = [] }) => ports));
  return [...new Set([...PORTS, ...listening.map(({ containerPort }): PortName => `TCP/${containerPort}`)])];
}

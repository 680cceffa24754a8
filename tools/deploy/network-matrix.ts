import { BlockList } from 'node:net';
import type { Manifest } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;

/** Something that sends or receives: a pod, or, without labels, an address outside of the cluster. */
export interface Endpoint {
  readonly name: string;
  readonly ip: string;
  /** Labels of the pod. */
  readonly labels?: Labels;
  /** Namespace of the pod; its label `kubernetes.io/metadata.name` goes without saying. */
  readonly namespace?: string;
}

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Port {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly Port[];
}

interface PolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** A NetworkPolicy of one namespace. */
interface Policy {
  readonly namespace: string;
  readonly spec: PolicySpec;
}

/** `TCP/443` */
export type PortName = `${'TCP' | 'UDP'}/${number}`;

/** One connection that is allowed: `api → redis TCP/6379`. */
export type Connection = `${string} → ${string} ${PortName}`;

/**
 * Every connection between the endpoints that the policies allow, on the ports in question, sorted. A pod that no policy selects for a direction
 * is open in that direction; one that some policy selects may do what any of them allows. Both ends must agree; addresses outside have no policy.
 */
export function allowedConnections(
  manifests: readonly Manifest[],
  endpoints: readonly Endpoint[],
  ports: readonly PortName[],
): Connection[] {
  const policies = manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ metadata, spec }): Policy => ({ namespace: metadata.namespace ?? 'default', spec: spec as PolicySpec }));
  const chosen = new Map(
    endpoints.map((endpoint) => [endpoint, { Ingress: choose('Ingress', endpoint), Egress: choose('Egress', endpoint) }]),
  );
  function choose(direction: Direction, endpoint: Endpoint): Policy[] {
    return policies.filter((policy) => selects(policy, direction, endpoint));
  }
  const pairs = endpoints.flatMap((source) =>
    endpoints
      .filter((destination) => destination !== source && (isPod(source) || isPod(destination)))
      .map((destination) => ({ source, destination })),
  );
  return pairs
    .flatMap(({ source, destination }) => {
      const leaves = openPorts(chosen.get(source)!.Egress, 'Egress', destination, ports);
      const open = leaves.length === 0 ? [] : openPorts(chosen.get(destination)!.Ingress, 'Ingress', source, leaves);
      return open.map((port): Connection => `${source.name} → ${destination.name} ${port}`);
    })
    .sort();
}

type Direction = 'Ingress' | 'Egress';

function isPod({ labels, namespace }: Endpoint): boolean {
  return labels !== undefined && namespace !== undefined;
}

function selects({ namespace, spec }: Policy, direction: Direction, pod: Endpoint): boolean {
  return isPod(pod) && namespace === pod.namespace && matches(spec.podSelector, pod.labels ?? {}) && directions(spec).includes(direction);
}

/** The ports on which the policies that select a pod let it talk to the other end. */
function openPorts(selecting: readonly Policy[], direction: Direction, other: Endpoint, ports: readonly PortName[]): readonly PortName[] {
  if (selecting.length === 0) return ports;
  const rules = selecting.flatMap(({ namespace, spec }) =>
    ((direction === 'Ingress' ? spec.ingress : spec.egress) ?? []).filter((rule) => {
      const peers = direction === 'Ingress' ? rule.from : rule.to;
      return peers === undefined || peers.length === 0 || peers.some((peer) => isPeer(peer, namespace, other));
    }),
  );
  return ports.filter((port) => rules.some((rule) => rule.ports === undefined || rule.ports.some((each) => isPort(each, port))));
}

/** Egress counts without being named only if there are rules for it; ingress always. */
function directions({ policyTypes, egress }: PolicySpec): readonly string[] {
  return policyTypes ?? (egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
}

function isPeer({ ipBlock, namespaceSelector, podSelector }: Peer, home: string, other: Endpoint): boolean {
  if (ipBlock !== undefined) return within(ipBlock.cidr, other.ip) && !(ipBlock.except ?? []).some((cidr) => within(cidr, other.ip));
  if (!isPod(other)) return false;
  const namespace = other.namespace ?? '';
  const inNamespace =
    namespaceSelector === undefined ? namespace === home : matches(namespaceSelector, { 'kubernetes.io/metadata.name': namespace });
  return inNamespace && matches(podSelector ?? {}, other.labels ?? {});
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      throw new Error(`operator ${operator} is none of a label selector's`);
    })
  );
}

/** A named port is of the receiving pod, which this does not know. */
function isPort({ protocol = 'TCP', port, endPort }: Port, wanted: PortName): boolean {
  const [wantedProtocol, wantedPort] = wanted.split('/');
  if (typeof port === 'string') throw new Error(`port ${port} must be a number: a name depends on the pod`);
  if (protocol !== wantedProtocol) return false;
  return port === undefined || (Number(wantedPort) >= port && Number(wantedPort) <= (endPort ?? port));
}

function within(cidr: string, ip: string): boolean {
  let list = blocks.get(cidr);
  if (list === undefined) {
    const [network = '', bits] = cidr.split('/');
    list = new BlockList();
    list.addSubnet(network, Number(bits), 'ipv4');
    blocks.set(cidr, list);
  }
  return list.check(ip, 'ipv4');
}

/** Asked thousands of times, of a few networks. */
const blocks = new Map<string, BlockList>();

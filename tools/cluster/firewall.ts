import type { Manifest } from '../deploy/manifests.ts';

/** Something with an address: a pod, which has a namespace and labels, or a machine outside of the cluster, which has neither. */
export interface Endpoint {
  readonly name: string;
  readonly ip: string;
  readonly namespace?: string;
  readonly labels?: Labels;
}

type Labels = Readonly<Record<string, string>>;
type Direction = 'Ingress' | 'Egress';

interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly unknown[];
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly protocol?: string; readonly port?: number; readonly endPort?: number }[];
}

interface Policy {
  readonly metadata: { readonly namespace?: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes?: readonly Direction[];
    readonly ingress?: readonly Rule[];
    readonly egress?: readonly Rule[];
  };
}

/** What one pod may do in one direction: whatever matches one of the lines, and nothing else. */
export interface Chain {
  readonly pod: string;
  readonly ip: string;
  readonly direction: Direction;
  /** Matches of nftables: `ip daddr { 10.1.0.3 } tcp dport 6379`. */
  readonly allowed: readonly string[];
}

/**
 * The NetworkPolicies as nftables enforces them: one chain for each pod and direction that some policy selects; what no policy selects is open.
 * Written without a look at `tools/deploy/network-matrix.ts`, so that packets and computation can disagree.
 */
export function chainsOf(manifests: readonly Manifest[], endpoints: readonly Endpoint[]): Chain[] {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as Policy[];
  return endpoints.flatMap((pod) =>
    (['Egress', 'Ingress'] as const).flatMap((direction) => {
      const selecting = policies.filter((policy) => selects(policy, pod) && typesOf(policy).includes(direction));
      if (selecting.length === 0) return [];
      return [{ pod: pod.name, ip: pod.ip, direction, allowed: selecting.flatMap((policy) => allowedBy(policy, direction, endpoints)) }];
    }),
  );
}

/** A table for `nft -f`, which takes the place of the one before in one step: what is connected stays so. */
export function tableOf(chains: readonly Chain[], conntrackZone = 1): string {
  const named = chains.map((chain, index) => ({ ...chain, name: `pod-${index}` }));
  const jumps = named.map(({ name, ip, direction }) => `ip ${direction === 'Egress' ? 'saddr' : 'daddr'} ${ip} jump ${name}`);
  return [
    'add table inet pods',
    'delete table inet pods',
    'table inet pods {',
    ...named.flatMap(({ name, allowed }) => [`chain ${name} {`, ...allowed.map((match) => `${match} return`), ...REFUSE, '}']),
    // Flows that an earlier table allowed are unknown in another zone.
    `chain zone { type filter hook prerouting priority raw; ct zone set ${conntrackZone}; }`,
    'chain forward {',
    'type filter hook forward priority filter; policy accept;',
    'ct state established,related accept',
    // What belongs to no connection is sent again, or was late: a reset would break off a connection that is fine.
    'ct state invalid drop',
    ...jumps,
    '}',
    '}',
    '',
  ].join('\n');
}

/** A cluster drops what it refuses; here it is answered, so that a refusal is known at once and a lost packet is not taken for one. */
const REFUSE = ['meta l4proto tcp reject with tcp reset', 'reject with icmpx port-unreachable'];

function typesOf({ spec }: Policy): readonly Direction[] {
  return spec.policyTypes ?? (spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
}

function selects({ metadata, spec }: Policy, pod: Endpoint): boolean {
  return pod.namespace !== undefined && pod.namespace === (metadata.namespace ?? 'default') && chosen(spec.podSelector, pod.labels ?? {});
}

function allowedBy({ metadata, spec }: Policy, direction: Direction, endpoints: readonly Endpoint[]): string[] {
  const rules = (direction === 'Egress' ? spec.egress : spec.ingress) ?? [];
  const field = direction === 'Egress' ? 'ip daddr' : 'ip saddr';
  return rules.flatMap((rule) => {
    const peers = (direction === 'Egress' ? rule.to : rule.from) ?? [];
    const ends = peers.length === 0 ? [''] : peers.flatMap((peer) => endOf(peer, field, metadata.namespace ?? 'default', endpoints));
    const ports = rule.ports === undefined || rule.ports.length === 0 ? [''] : rule.ports.map(portOf);
    return ends.flatMap((end) => ports.map((port) => `${end} ${port}`.trim()));
  });
}

/** None when no pod is meant: a set of nothing is not one for nftables. */
function endOf(peer: Peer, field: string, home: string, endpoints: readonly Endpoint[]): string[] {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return [`${field} ${cidr}${except.length === 0 ? '' : ` ${field} != { ${except.join(', ')} }`}`];
  }
  const pods = endpoints.filter(({ namespace, labels = {} }) => {
    if (namespace === undefined) return false;
    const there = peer.namespaceSelector;
    const inNamespace = there === undefined ? namespace === home : chosen(there, { 'kubernetes.io/metadata.name': namespace });
    return inNamespace && chosen(peer.podSelector ?? {}, labels);
  });
  return pods.length === 0 ? [] : [`${field} { ${pods.map(({ ip }) => ip).join(', ')} }`];
}

function portOf({ protocol = 'TCP', port, endPort }: NonNullable<Rule['ports']>[number]): string {
  const name = protocol.toLowerCase();
  if (port === undefined) return `meta l4proto ${name}`;
  if (typeof port !== 'number') throw new Error(`port ${String(port)} must be a number: a name depends on the pod`);
  return `${name} dport ${port}${endPort === undefined ? '' : `-${endPort}`}`;
}

function chosen({ matchLabels = {}, matchExpressions }: Selector, labels: Labels): boolean {
  if (matchExpressions !== undefined) throw new Error('matchExpressions is not translated into nftables: the chart has none');
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

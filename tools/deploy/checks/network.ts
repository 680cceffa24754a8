import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { ofKind, unless, type Check, type Of, type Problem } from '../finding.ts';
import { containersOf, selected, workloadsOf, type Workload } from '../workloads.ts';

type PolicySpec = NonNullable<INetworkPolicy['spec']>;
type Policy = Of<PolicySpec>;

/** Networks of one's own, and the address where a cloud keeps its credentials: an open egress must leave them out. */
const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'];

/** One policy closes everything, and each workload has one that opens what it needs. */
export const networkCovers: Check = (manifests) => {
  const policies = ofKind<PolicySpec>(manifests, 'NetworkPolicy');
  // Switched off: another one's network policies are in charge.
  if (policies.length === 0) return [];
  const workloads = workloadsOf(manifests);
  const closed = policies.some(({ spec }) => isEmpty(spec.podSelector) && bothWays(spec) && !spec.ingress && !spec.egress);
  const special = policies.filter(({ spec }) => !isEmpty(spec.podSelector));
  return [
    ...(closed ? [] : [{ object: 'NetworkPolicy', message: 'none closes every pod of the namespace in both directions' }]),
    ...workloads.flatMap((workload) =>
      unless(
        special.some(({ spec }) => selects(workload, spec)),
        workload.manifest,
        'no NetworkPolicy is for its pods',
      ),
    ),
    ...special.flatMap((policy) => [
      ...unless(
        workloads.some((workload) => selects(workload, policy.spec)),
        policy,
        'it selects no pod that there is',
      ),
      ...unless(bothWays(policy.spec), policy, 'policyTypes must be Ingress and Egress'),
      ...ports(policy, workloads),
    ]),
  ];
};

const isEmpty = (selector: PolicySpec['podSelector']) => Object.keys(selector ?? {}).length === 0;
const bothWays = ({ policyTypes = [] }: PolicySpec) => policyTypes.includes('Ingress') && policyTypes.includes('Egress');
const selects = (workload: Workload, { podSelector }: PolicySpec) => selected([workload], podSelector?.matchLabels ?? {}).length === 1;

/** What is let in must have somebody who listens. */
function ports(policy: Policy, workloads: readonly Workload[]): Problem[] {
  const own = workloads.filter((workload) => selects(workload, policy.spec));
  const open = (policy.spec.ingress ?? []).flatMap((rule) => rule.ports ?? []).map(({ port }) => port);
  const listening = own.flatMap(({ pod }) => containersOf(pod)).flatMap((container) => container.ports ?? []);
  return open
    .filter((port) => !listening.some(({ containerPort }) => containerPort === port))
    .flatMap((port) => unless(false, policy, `it opens ${port}, on which none of its pods listens`));
}

/** Each rule says to whom and on which port; none says "all". */
export const networkNarrow: Check = (manifests) =>
  ofKind<PolicySpec>(manifests, 'NetworkPolicy').flatMap((policy) => {
    const { ingress = [], egress = [] } = policy.spec;
    const rules = [
      ...ingress.map(({ from, ports: open }) => ({ peers: from, open })),
      ...egress.map(({ to, ports: open }) => ({ peers: to, open })),
    ];
    return rules.flatMap(({ peers, open }) => [
      ...unless((peers ?? []).length > 0, policy, 'a rule names no peer, which means everybody'),
      ...unless((open ?? []).length > 0, policy, 'a rule names no port, which means all of them'),
      ...(peers ?? []).flatMap((peer) => peerProblems(policy, peer)),
    ]);
  });

type Peer = NonNullable<NonNullable<PolicySpec['egress']>[number]['to']>[number];

function peerProblems(policy: Policy, { ipBlock, namespaceSelector, podSelector }: Peer): Problem[] {
  const whole = ipBlock !== undefined && /\/[0-7]$/.test(ipBlock.cidr);
  const kept = PRIVATE.filter((network) => !(ipBlock?.except ?? []).includes(network));
  const named = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] !== undefined;
  const system = /^(kube-system|gmp-system|gke-gmp-system)$/.test(namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? '');
  return [
    ...unless(!whole || kept.length === 0, policy, `${ipBlock?.cidr} must leave out ${kept.join(', ')}`),
    ...unless(namespaceSelector === undefined || named, policy, 'a namespaceSelector names no namespace'),
    ...unless(!system || !isEmpty(podSelector), policy, 'a namespace of the system is open as a whole: name its pods by podSelector'),
    ...unless(
      ipBlock !== undefined || namespaceSelector !== undefined || !isEmpty(podSelector),
      policy,
      'a peer is every pod of the namespace',
    ),
  ];
}

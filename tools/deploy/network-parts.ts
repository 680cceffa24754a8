import { nameOf } from './finding.ts';
import type { Manifest } from './manifests.ts';

/** All objects but for one part of one network policy. */
export interface Reduction {
  /** `NetworkPolicy/nines-api egress 0 to 1`: rule 0, its second peer. */
  readonly part: string;
  readonly policies: readonly Manifest[];
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: object[];
}

interface Peer {
  ipBlock?: { except?: string[] };
}

type Directions = { ingress?: Rule[]; egress?: Rule[] };

/** Every policy, peer, port and exception of a block, each left out once: a part that changes nothing is one that nobody needs, or a second way. */
export function withoutEachPart(manifests: readonly Manifest[]): Reduction[] {
  return manifests.flatMap((policy, at) => {
    if (policy.kind !== 'NetworkPolicy') return [];
    const without = (part: string, remove: (spec: Directions) => void): Reduction => {
      const copy = structuredClone(policy);
      remove(copy.spec as Directions);
      return { part: `${nameOf(policy)} ${part}`, policies: manifests.with(at, copy) };
    };
    const rules = (['ingress', 'egress'] as const).flatMap((direction) =>
      ((policy.spec as Directions)[direction] ?? []).flatMap((rule, index) => rulePartsOf(rule, direction, index, without)),
    );
    return [{ part: nameOf(policy), policies: manifests.toSpliced(at, 1) }, ...rules];
  });
}

type Without = (part: string, remove: (spec: Directions) => void) => Reduction;

function rulePartsOf(rule: Rule, direction: 'ingress' | 'egress', index: number, without: Without): Reduction[] {
  const side = direction === 'ingress' ? 'from' : 'to';
  const name = `${direction} ${index}`;
  const leave = (list: 'from' | 'to' | 'ports', at: number) => (spec: Directions) => {
    const rules = spec[direction]!;
    const parts = rules[index]![list]!;
    // A rule without peers or without ports would mean all of them.
    if (parts.length === 1) rules.splice(index, 1);
    else parts.splice(at, 1);
  };
  return [
    ...(rule[side] ?? []).map((_, at) => without(`${name} ${side} ${at}`, leave(side, at))),
    ...(rule.ports ?? []).map((_, at) => without(`${name} ports ${at}`, leave('ports', at))),
    ...(rule[side] ?? []).flatMap(({ ipBlock }, at) =>
      (ipBlock?.except ?? []).map((network, exception) =>
        without(`${name} ${side} ${at} except ${network}`, (spec) =>
          spec[direction]![index]![side]![at]!.ipBlock!.except!.splice(exception, 1),
        ),
      ),
    ),
  ];
}

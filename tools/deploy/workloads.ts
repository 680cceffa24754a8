import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import type { Manifest } from './manifests.ts';
import { podSpecOf } from './pod-rules.ts';

type Labels = Readonly<Record<string, string>>;

/** What makes pods: the object, and what every pod of it is like. */
export interface Workload {
  readonly manifest: Manifest;
  readonly labels: Labels;
  readonly pod: IPodSpec;
  /** Pods of a Job end by themselves; all others serve until they are told to go. */
  readonly serves: boolean;
}

/** As far as every selector is alike: of a Service a map, of all others `matchLabels`. */
export interface Selector {
  readonly matchLabels?: Labels;
}

interface Templated {
  readonly template?: { readonly metadata?: { readonly labels?: Labels } };
  readonly jobTemplate?: { readonly spec: Templated };
}

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const pod = podSpecOf(manifest);
    if (pod === undefined) return [];
    const spec = manifest.spec as Templated;
    const template = (spec.jobTemplate?.spec ?? spec).template;
    const labels = manifest.kind === 'Pod' ? manifest.metadata.labels : template?.metadata?.labels;
    return [{ manifest, labels: labels ?? {}, pod, serves: ['Deployment', 'StatefulSet', 'DaemonSet'].includes(manifest.kind) }];
  });
}

/** An empty selector of a policy selects every pod; an absent one, none. */
export function selected(workloads: readonly Workload[], selector: Labels | undefined): Workload[] {
  if (selector === undefined) return [];
  return workloads.filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value));
}

export function containersOf({ containers, initContainers = [] }: IPodSpec): readonly IContainer[] {
  return [...containers, ...initContainers];
}

/** Whether some container of the pod listens on the port, by its name or its number. */
export function listensOn({ containers }: IPodSpec, port: string | number | undefined): boolean {
  return containers.some(({ ports = [] }) => ports.some(({ name, containerPort }) => port === name || port === containerPort));
}

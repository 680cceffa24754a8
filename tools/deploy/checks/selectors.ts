import { find, ofKind, unless, type Check } from '../finding.ts';
import { listensOn, selected, workloadsOf, type Selector } from '../workloads.ts';

type Labels = Readonly<Record<string, string>>;

/** A controller that does not select the pods it makes is refused by the cluster, or makes pods without end. */
export const selectorIsLabels: Check = (manifests) =>
  workloadsOf(manifests)
    .filter(({ serves }) => serves)
    .flatMap((workload) => {
      const { selector } = workload.manifest.spec as { selector?: Selector };
      const own = selected([workload], selector?.matchLabels).length === 1;
      const alone = selected(workloadsOf(manifests), selector?.matchLabels).length <= 1;
      return [
        ...unless(own, workload.manifest, 'its selector does not match the labels of its own pods'),
        ...unless(alone, workload.manifest, 'its selector matches pods of another workload too'),
      ];
    });

interface ServiceSpec {
  readonly selector?: Labels;
  readonly ports?: readonly { readonly port: number; readonly targetPort?: string | number }[];
}

export const serviceFindsPods: Check = (manifests) =>
  ofKind<ServiceSpec>(manifests, 'Service').flatMap((service) => {
    const pods = selected(workloadsOf(manifests), service.spec.selector);
    const deaf = (service.spec.ports ?? [])
      .map(({ port, targetPort }) => targetPort ?? port)
      .filter((port) => pods.some(({ pod }) => !listensOn(pod, port)));
    return [
      ...unless(pods.length === 1, service, `its selector finds ${pods.length} workloads, and must find one`),
      ...deaf.flatMap((port) => unless(false, service, `no container of its pods listens on ${port}`)),
    ];
  });

interface BudgetSpec {
  readonly selector?: Selector;
  readonly maxUnavailable?: number | string;
  readonly minAvailable?: number | string;
}

/**
 * A budget that no eviction fits into keeps a node from being drained. Only for a single pod with a disk that may be meant: nobody takes over
 * while it moves, so whoever drains is to say when.
 */
export const budgetLetsGo: Check = (manifests) =>
  ofKind<BudgetSpec>(manifests, 'PodDisruptionBudget').flatMap((budget) => {
    const { selector, maxUnavailable, minAvailable } = budget.spec;
    const pods = selected(workloadsOf(manifests), selector?.matchLabels);
    const replicas = Math.min(...pods.map(({ manifest }) => replicasOf(manifests, manifest.metadata.name)));
    const single = pods.every(({ manifest }) => manifest.kind === 'StatefulSet') && replicas === 1;
    const blocks = Number.parseFloat(`${maxUnavailable ?? 1}`) === 0 || minAvailable === '100%' || Number(minAvailable ?? 0) >= replicas;
    return [
      ...unless(pods.length === 1, budget, `its selector finds ${pods.length} workloads, and must find one`),
      ...unless(single || !blocks, budget, 'it lets no pod be evicted, so that no node can be drained'),
    ];
  });

/** The least that runs. */
function replicasOf(manifests: Parameters<Check>[0], name: string): number {
  const scaler = ofKind<ScalerSpec>(manifests, 'HorizontalPodAutoscaler').find(({ spec }) => spec.scaleTargetRef.name === name);
  const spec = (find(manifests, 'Deployment', name) ?? find(manifests, 'StatefulSet', name))?.spec as { replicas?: number } | undefined;
  return scaler?.spec.minReplicas ?? spec?.replicas ?? 1;
}

interface ScalerSpec {
  readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  readonly minReplicas?: number;
  readonly maxReplicas: number;
}

/** With replicas written down as well, each upgrade would throw away what the autoscaler has decided. */
export const scalerHasTarget: Check = (manifests) =>
  ofKind<ScalerSpec>(manifests, 'HorizontalPodAutoscaler').flatMap((scaler) => {
    const { scaleTargetRef, minReplicas = 1, maxReplicas } = scaler.spec;
    const target = find(manifests, scaleTargetRef.kind, scaleTargetRef.name);
    const others = ofKind<ScalerSpec>(manifests, 'HorizontalPodAutoscaler').filter(
      ({ spec }) => spec.scaleTargetRef.name === scaleTargetRef.name && spec.scaleTargetRef.kind === scaleTargetRef.kind,
    );
    const fixed = (target?.spec as { replicas?: number } | undefined)?.replicas;
    return [
      ...unless(target !== undefined, scaler, `there is no ${scaleTargetRef.kind}/${scaleTargetRef.name} to scale`),
      ...unless(fixed === undefined, scaler, `its target has ${fixed} replicas written down: each upgrade would undo the scaling`),
      ...unless(minReplicas < maxReplicas, scaler, `minReplicas ${minReplicas} must be below maxReplicas ${maxReplicas}`),
      ...unless(others.length === 1, scaler, 'two autoscalers have one target'),
    ];
  });

interface MonitoringSpec {
  readonly selector: Selector;
  readonly endpoints: readonly { readonly port: string | number }[];
}

export const monitoredPort: Check = (manifests) =>
  ofKind<MonitoringSpec>(manifests, 'PodMonitoring').flatMap((monitoring) => {
    const pods = selected(workloadsOf(manifests), monitoring.spec.selector.matchLabels);
    const deaf = monitoring.spec.endpoints.filter(({ port }) => pods.some(({ pod }) => !listensOn(pod, port)));
    return [
      ...unless(pods.length === 1, monitoring, `its selector finds ${pods.length} workloads, and must find one`),
      ...deaf.flatMap(({ port }) => unless(false, monitoring, `no container of its pods has a port ${port}`)),
    ];
  });

import { ofKind, unless, type Check } from '../finding.ts';

/** As long as deploy/scripts/upgrade and apply wait, in seconds. */
const WAIT_SECONDS = 600;

interface RolloutSpec {
  readonly podManagementPolicy?: string;
  readonly progressDeadlineSeconds?: number;
}

/**
 * An upgrade that fails comes back by itself. A StatefulSet that starts its pods in order waits for one that never becomes ready, also when its
 * template has long been mended (kubernetes/kubernetes#67250); and `kubectl rollout status` gives up at the deadline of the Deployment, whatever
 * it was told.
 */
export const rollbackWorks: Check = (manifests) => [
  ...ofKind<RolloutSpec>(manifests, 'StatefulSet').flatMap((set) =>
    unless(
      set.spec.podManagementPolicy === 'Parallel',
      set,
      'podManagementPolicy must be Parallel, or a rollback waits for the broken pod',
    ),
  ),
  ...ofKind<RolloutSpec>(manifests, 'Deployment').flatMap((deployment) => {
    const { progressDeadlineSeconds = 600 } = deployment.spec;
    const message = `progressDeadlineSeconds must be at least ${WAIT_SECONDS}, for which the scripts wait, and is ${progressDeadlineSeconds}`;
    return unless(progressDeadlineSeconds >= WAIT_SECONDS, deployment, message);
  }),
];

interface Annotated {
  readonly template: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}

/** A pod that Autopilot may not move for a week has a larger minimum of CPU and memory; a disruption budget of 0 costs nothing. */
export const extendedRuntimeUnused: Check = (manifests) =>
  ofKind<Annotated>(manifests, 'Deployment', 'StatefulSet').flatMap((workload) =>
    unless(
      workload.spec.template.metadata?.annotations?.['cluster-autoscaler.kubernetes.io/safe-to-evict'] !== 'false',
      workload,
      'safe-to-evict "false" makes its pods larger on Autopilot: use a disruption budget',
    ),
  );

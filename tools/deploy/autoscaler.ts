import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';

/** Kubernetes leaves a number of pods alone that is within a tenth of what the metric asks for. */
const TOLERANCE = 0.1;

/**
 * How many pods a HorizontalPodAutoscaler with one external metric asks for: `GetExternalPerPodMetricReplicas` of
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podautoscaler/replica_calculator.go, then its limits.
 * The value of the metric is the sum of its series, as Kubernetes takes it; undefined while there is none.
 */
export function wantedReplicas({ spec }: IHorizontalPodAutoscaler, present: number, series: readonly number[]): number {
  const { minReplicas = 1, maxReplicas } = spec;
  const target = Number(spec.metrics?.[0]?.external?.target.averageValue);
  const total = series.reduce((sum, each) => sum + each, 0);
  const unclear = series.length === 0 || Math.abs(1 - total / (target * present)) <= TOLERANCE;
  const wanted = unclear ? present : Math.ceil(total / target);
  return Math.min(maxReplicas, Math.max(minReplicas, wanted));
}

/** What it does about it in one period of its policies, once its window of stabilization is over. */
export function nextReplicas(autoscaler: IHorizontalPodAutoscaler, present: number, series: readonly number[]): number {
  const wanted = wantedReplicas(autoscaler, present, series);
  const { scaleUp, scaleDown } = autoscaler.spec.behavior!;
  const allowed = (policies: readonly { readonly type: string; readonly value: number }[]) =>
    Math.max(...policies.map(({ type, value }) => (type === 'Percent' ? Math.ceil((present * value) / 100) : value)));
  if (wanted > present) return Math.min(wanted, present + allowed(scaleUp!.policies!));
  return Math.max(wanted, present - allowed(scaleDown!.policies!));
}

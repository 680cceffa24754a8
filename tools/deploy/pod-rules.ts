import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import type { Manifest } from './manifests.ts';

/** The pods that an object makes. */
export function podSpecOf({ kind, spec }: Manifest): IPodSpec | undefined {
  if (kind === 'Pod') return spec as IPodSpec;
  if (kind === 'CronJob') return (spec as { jobTemplate: { spec: { template: { spec: IPodSpec } } } }).jobTemplate.spec.template.spec;
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(kind)
    ? (spec as { template: { spec: IPodSpec } }).template.spec
    : undefined;
}

/** Volumes that Pod Security "restricted" lets through; each has a name besides. */
const VOLUMES = new Set([
  'name',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** What keeps a pod from Pod Security "restricted", from this project's own hardening, and from what Autopilot needs; empty is good. */
export function podFindings(pod: IPodSpec): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  return [
    ...hostFindings(pod),
    ...containers.flatMap((container) => [...securityFindings(pod, container), ...resourceFindings(container)]),
  ];
}

function hostFindings(pod: IPodSpec): string[] {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => pod[field] === true);
  const volumes = (pod.volumes ?? []).flatMap((volume) => Object.keys(volume).filter((key) => !VOLUMES.has(key)));
  const spot = pod.nodeSelector?.['cloud.google.com/gke-spot'] === 'true';
  return [
    ...shared.map((field) => `${field} must not be true`),
    ...volumes.map((volume) => `a volume must not be a ${volume}`),
    ...require(pod.automountServiceAccountToken === false, 'automountServiceAccountToken must be false'),
    ...require(!pod.securityContext?.sysctls, 'sysctls must not be set'),
    ...require(!spot || (pod.terminationGracePeriodSeconds ?? 30) <= 25, 'terminationGracePeriodSeconds must be at most 25 on Spot'),
  ];
}

function securityFindings(pod: IPodSpec, { name, securityContext: own = {}, ports = [] }: IContainer): string[] {
  const effective = { ...pod.securityContext, ...own };
  const say = (good: boolean, message: string) => require(good, `${name}: ${message}`);
  return [
    ...say(effective.runAsNonRoot === true, 'runAsNonRoot must be true'),
    ...say(effective.runAsUser === 1000, 'runAsUser must be 1000'),
    ...say(effective.runAsGroup === 1000, 'runAsGroup must be 1000'),
    ...say(effective.seccompProfile?.type === 'RuntimeDefault', 'seccompProfile must be RuntimeDefault'),
    ...say(own.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation must be false'),
    ...say(own.readOnlyRootFilesystem === true, 'readOnlyRootFilesystem must be true'),
    ...say(own.privileged !== true, 'privileged must not be true'),
    ...say(own.procMount === undefined || own.procMount === 'Default', 'procMount must be Default'),
    ...say(own.capabilities?.drop?.includes('ALL') === true, 'capabilities must drop ALL'),
    ...say((own.capabilities?.add ?? []).length === 0, 'capabilities must add none'),
    ...say(
      ports.every(({ hostPort }) => hostPort === undefined),
      'hostPort must not be set',
    ),
  ];
}

/** Autopilot with bursting takes 50m of CPU and 52Mi of memory at least. */
function resourceFindings({ name, resources = {} }: IContainer): string[] {
  const { requests = {}, limits = {} } = resources;
  const say = (good: boolean, message: string) => require(good, `${name}: ${message}`);
  return [
    ...say(milli(requests['cpu']) >= 50, 'requests.cpu must be at least 50m'),
    ...say(mebi(requests['memory']) >= 52, 'requests.memory must be at least 52Mi'),
    ...say(requests['memory'] !== undefined && limits['memory'] === requests['memory'], 'limits.memory must equal requests.memory'),
    ...say(limits['cpu'] === undefined, 'limits.cpu must not be set'),
  ];
}

function require(good: boolean, message: string): string[] {
  return good ? [] : [message];
}

function milli(quantity: string | number = 0): number {
  if (typeof quantity === 'number') return quantity * 1000;
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

function mebi(quantity: string | number = 0): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(`${quantity}`) ?? [];
  return Number(number ?? 0) * (unit === 'Gi' ? 1024 : 1);
}

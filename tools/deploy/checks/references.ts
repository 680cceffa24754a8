import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { find, nameOf, unless, type Check, type Problem } from '../finding.ts';
import type { Manifest } from '../manifests.ts';
import { containersOf, workloadsOf } from '../workloads.ts';

/** What whoever installs makes beforehand, as deploy/CHART.md says: no Secret is rendered. */
const MADE_BY_HAND: ReadonlySet<string> = new Set([
  'Secret/nines',
  'Secret/nines-redis',
  'Secret/nines-grafana',
  'Secret/redis-url',
  'ConfigMap/redis-ca',
]);

export const namesUnique: Check = (manifests) =>
  manifests
    .filter((manifest, at) => manifests.findIndex((other) => nameOf(other) === nameOf(manifest)) !== at)
    .flatMap((manifest) => unless(false, manifest, 'two objects have this kind and name'));

const CLUSTER_SCOPED = /^(Namespace|ClusterRole|ClusterRoleBinding|ValidatingAdmissionPolicy|ValidatingAdmissionPolicyBinding)$/;

export const inNamespace: Check = (manifests) =>
  manifests.flatMap((manifest) => {
    const { namespace } = manifest.metadata;
    if (CLUSTER_SCOPED.test(manifest.kind)) return unless(namespace === undefined, manifest, 'it is of the whole cluster: no namespace');
    return unless(namespace === 'nines', manifest, `it must be in the namespace of the release, and is in ${namespace ?? 'none'}`);
  });

/** A key of a webhook, a private key, or an address with a password that is no variable, as `$(REDIS_PASSWORD)` is. */
const KEY = /whsec_[\w+/]{16}|BEGIN [A-Z ]*PRIVATE KEY|:\/\/[^/\s"@]*:[^/\s"@$][^/\s"@]*@/;

/** What is committed is public, and what Helm installs is in its release, for all who may read that. */
export const secretUnwritten: Check = (manifests) =>
  manifests.flatMap((manifest) => {
    const text = JSON.stringify(manifest);
    return [
      ...unless(manifest.kind !== 'Secret', manifest, 'a Secret is made by hand, never rendered'),
      ...unless(!KEY.test(text), manifest, 'it has a key or a password in it'),
    ];
  });

/** What a pod names and does not find keeps it from starting, without an error of whoever applied it. */
export const referencesLead: Check = (manifests) =>
  workloadsOf(manifests).flatMap(({ manifest, pod }) => [
    ...account(manifests, manifest, pod),
    ...[...named(pod)].flatMap(([kind, name]) =>
      unless(exists(manifests, kind, name), manifest, `it needs ${kind}/${name}, which there is not`),
    ),
    ...mounts(manifest, pod),
    ...governing(manifests, manifest),
  ]);

function exists(manifests: readonly Manifest[], kind: string, name: string): boolean {
  return find(manifests, kind, name) !== undefined || MADE_BY_HAND.has(`${kind}/${name}`);
}

function account(manifests: readonly Manifest[], manifest: Manifest, { serviceAccountName }: IPodSpec): Problem[] {
  const there = find(manifests, 'ServiceAccount', serviceAccountName) !== undefined;
  return unless(there, manifest, `it needs ServiceAccount/${serviceAccountName}, which there is not`);
}

/** Every ConfigMap, Secret and claim that a pod cannot start without. */
function named(pod: IPodSpec): Set<readonly [kind: string, name: string]> {
  const found: (readonly [string, string | undefined, boolean | undefined])[] = [];
  for (const { env = [], envFrom = [] } of containersOf(pod)) {
    for (const { configMapRef, secretRef } of envFrom)
      found.push(['ConfigMap', configMapRef?.name, configMapRef?.optional], ['Secret', secretRef?.name, secretRef?.optional]);
    for (const { valueFrom } of env) {
      const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
      found.push(['ConfigMap', configMapKeyRef?.name, configMapKeyRef?.optional], ['Secret', secretKeyRef?.name, secretKeyRef?.optional]);
    }
  }
  for (const { configMap, secret, persistentVolumeClaim } of pod.volumes ?? [])
    found.push(
      ['ConfigMap', configMap?.name, configMap?.optional],
      ['Secret', secret?.secretName, secret?.optional],
      ['PersistentVolumeClaim', persistentVolumeClaim?.claimName, false],
    );
  return new Set(found.flatMap(([kind, name, optional]) => (name === undefined || optional === true ? [] : [[kind, name] as const])));
}

/** A container mounts what its pod has, and a pod has what some container mounts. */
function mounts(manifest: Manifest, pod: IPodSpec): Problem[] {
  const claims = (manifest.spec as { volumeClaimTemplates?: readonly { metadata?: { name?: string } }[] }).volumeClaimTemplates ?? [];
  const volumes = [...(pod.volumes ?? []).map(({ name }) => name), ...claims.map(({ metadata }) => metadata?.name ?? '')];
  const mounted = containersOf(pod).flatMap(({ volumeMounts = [] }: IContainer) => volumeMounts.map(({ name }) => name));
  return [
    ...mounted.filter((name) => !volumes.includes(name)).flatMap((name) => unless(false, manifest, `it mounts ${name}, no volume of its`)),
    ...volumes.filter((name) => !mounted.includes(name)).flatMap((name) => unless(false, manifest, `nothing mounts its volume ${name}`)),
  ];
}

/** The Service that gives the pods of a StatefulSet their names. */
function governing(manifests: readonly Manifest[], manifest: Manifest): Problem[] {
  if (manifest.kind !== 'StatefulSet') return [];
  const { serviceName } = manifest.spec as { serviceName?: string };
  return unless(find(manifests, 'Service', serviceName) !== undefined, manifest, `its Service/${serviceName} is not there`);
}

/** Where the settings say that Redis is, there is a Service with that port. */
export const redisFound: Check = (manifests) =>
  manifests.flatMap((manifest) => {
    const [, name, port] = /^rediss?:\/\/(?:[^@/]*@)?([^:/]+):(\d+)/.exec(manifest.data?.['REDIS_URL'] ?? '') ?? [];
    if (manifest.kind !== 'ConfigMap' || name === undefined) return [];
    const { ports = [] } = (find(manifests, 'Service', name)?.spec ?? {}) as { ports?: { port: number }[] };
    const there = ports.some((each) => each.port === Number(port));
    return unless(there, manifest, `REDIS_URL leads to ${name}:${port}, and no Service is there`);
  });

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../deploy/manifests.ts';

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: Key;
    readonly configMapKeyRef?: Key;
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

interface Key {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly emptyDir?: object;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
  };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
}

export interface PodSpec {
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [Container];
  readonly volumes?: readonly Volume[];
}

/** What a pod is made of besides its template. */
export interface PodSurroundings {
  readonly manifests: readonly Manifest[];
  /** Secrets, by name: key → value. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly podName: string;
  readonly namespace: string;
  /** What Kubernetes itself sets, and what this run adds. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder for the files of ConfigMaps and Secrets. */
  readonly folder: string;
  /** Folders of claimed volumes, by the name of the claim. */
  readonly claims: Readonly<Record<string, string>>;
}

export interface Template {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** The pod template of the Deployment or StatefulSet of a component. @throws Error when none is rendered */
export function templateOf(manifests: readonly Manifest[], component: string): Template {
  const workload = manifests.find(
    ({ kind, metadata }) => /^(Deployment|StatefulSet)$/.test(kind) && metadata.labels?.['app.kubernetes.io/component'] === component,
  );
  if (workload === undefined) throw new Error(`no workload of ${component} is rendered`);
  const { template } = workload.spec as { template: { metadata: { labels: Record<string, string> }; spec: PodSpec } };
  return { labels: template.metadata.labels, spec: template.spec };
}

/** What `docker run` is told, so that the container is what kubelet would make of the template; image and command come last. */
export function runFlags(spec: PodSpec, around: PodSurroundings): string[] {
  const [container] = spec.containers;
  const { securityContext } = container;
  const { runAsUser, runAsGroup } = spec.securityContext;
  const env = { ...around.env, ...environmentOf(container, around) };
  return [
    '--user',
    `${runAsUser}:${runAsGroup}`,
    ...(securityContext.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...securityContext.capabilities.drop.flatMap((capability) => ['--cap-drop', capability]),
    ...(securityContext.allowPrivilegeEscalation ? [] : ['--security-opt', 'no-new-privileges']),
    '--memory',
    container.resources.limits.memory.replace('i', '').toLowerCase(),
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...mountsOf(container, spec.volumes ?? [], around),
  ];
}

/** Image, then what is to run in it where the template says so. */
export function commandOf(spec: PodSpec, image: string, around: PodSurroundings): string[] {
  const [container] = spec.containers;
  const env = environmentOf(container, around);
  const { command = [], args = [] } = container;
  const [entrypoint, ...rest] = [...command, ...args].map((word) => expanded(word, env));
  if (entrypoint === undefined) return [image];
  return command.length === 0 ? [image, entrypoint, ...rest] : ['--entrypoint', entrypoint, image, ...rest];
}

/** `$(NAME)` is the value of a variable that the container has. */
function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole);
}

function environmentOf({ envFrom = [], env = [] }: Container, around: PodSurroundings): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { configMapRef } of envFrom) Object.assign(found, dataOf(around, configMapRef?.name ?? ''));
  for (const variable of env) {
    const value = valueOf(variable, around);
    if (value !== undefined) found[variable.name] = expanded(value, found);
  }
  return found;
}

function valueOf({ name, value, valueFrom }: EnvVar, around: PodSurroundings): string | undefined {
  if (valueFrom === undefined) return value ?? '';
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (fieldRef?.fieldPath === 'metadata.name') return around.podName;
  if (fieldRef?.fieldPath === 'metadata.namespace') return around.namespace;
  const key = secretKeyRef ?? configMapKeyRef;
  const data = secretKeyRef === undefined ? dataOf(around, key?.name ?? '') : (around.secrets[secretKeyRef.name] ?? {});
  const found = data[key?.key ?? ''];
  if (found === undefined && key?.optional !== true) throw new Error(`the variable ${name} has no value: ${JSON.stringify(valueFrom)}`);
  return found;
}

function dataOf({ manifests }: PodSurroundings, name: string): Readonly<Record<string, string>> {
  const found = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  if (found?.data === undefined) throw new Error(`no ConfigMap ${name} is rendered`);
  return found.data;
}

function mountsOf({ volumeMounts = [] }: Container, volumes: readonly Volume[], around: PodSurroundings): string[] {
  return volumeMounts.flatMap(({ name, mountPath, readOnly }) => {
    const volume = volumes.find((one) => one.name === name);
    if (volume?.emptyDir !== undefined) return ['--tmpfs', `${mountPath}:mode=1777`];
    const folder = volume === undefined ? around.claims[name] : filesOf(volume, around);
    if (folder === undefined) throw new Error(`the volume ${name} is neither of the pod nor claimed`);
    return ['--volume', `${folder}:${mountPath}${readOnly ? ':ro' : ''}`];
  });
}

function filesOf({ name, configMap, secret }: Volume, around: PodSurroundings): string {
  const data = configMap === undefined ? around.secrets[secret?.secretName ?? ''] : dataOf(around, configMap.name);
  if (data === undefined) throw new Error(`the volume ${name} is of a kind that is not known here`);
  const folder = join(around.folder, around.podName, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(data)) writeFileSync(join(folder, file), text);
  return folder;
}

import type { Part } from './target.ts';

/** What of a pod, as `kubectl get pods --output json` has it, is looked at. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly { readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[] }[];
  };
  readonly status: {
    readonly phase: string;
    readonly reason?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode: number };
  };
}

export function readPods(json: string): readonly Pod[] {
  return (JSON.parse(json) as { readonly items: readonly Pod[] }).items;
}

/** Pods that count: one that is on its way out, or has done its one job, need not become ready. */
export function current(pods: readonly Pod[]): readonly Pod[] {
  return pods.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase !== 'Succeeded');
}

/** A pod as a part: ready as Kubernetes says, else with the most telling of its reasons. */
export function partOf({ metadata, status }: Pod): Part {
  const { name } = metadata;
  const condition = (type: string) => status.conditions?.find((one) => one.type === type);
  if (condition('Ready')?.status === 'True') return { name, ready: true };
  const scheduled = condition('PodScheduled');
  if (scheduled?.status === 'False')
    return { name, ready: false, reason: `not scheduled: ${scheduled.message ?? scheduled.reason ?? 'no reason given'}` };
  const reason = status.containerStatuses?.map(trouble).find((one) => one !== undefined);
  return { name, ready: false, reason: reason ?? status.reason ?? condition('Ready')?.reason ?? status.phase };
}

function trouble({ name, ready, restartCount, state }: ContainerStatus): string | undefined {
  if (ready) return undefined;
  const restarts = restartCount > 0 ? `, ${restartCount} restarts` : '';
  if (state?.waiting !== undefined) return `${name} waits: ${state.waiting.reason ?? 'no reason given'}${restarts}`;
  if (state?.terminated !== undefined) return `${name} ended: ${state.terminated.reason ?? ''} (${state.terminated.exitCode})${restarts}`;
  return `${name} runs, but is not ready${restarts}`;
}

/** The pod of the api to send through, and its port. */
export function apiDoor(pods: readonly Pod[]): { readonly pod: string; readonly port: number } | undefined {
  const apis = current(pods).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'api');
  const api = apis.find((pod) => partOf(pod).ready) ?? apis[0];
  const port = api?.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === 'http');
  return api === undefined || port === undefined ? undefined : { pod: api.metadata.name, port: port.containerPort };
}

/** The local port in the line that `kubectl port-forward` writes once it listens. */
export function forwardedPort(output: string): number | undefined {
  const port = /^Forwarding from 127\.0\.0\.1:(\d+) -> \d+$/m.exec(output)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The key in what `kubectl get secret --output json` prints; undefined when that is nothing. */
export function keyOf(json: string): string | undefined {
  if (json.trim() === '') return undefined;
  const { data } = JSON.parse(json) as { readonly data?: Readonly<Record<string, string>> };
  const key = data?.['API_KEY'];
  return key === undefined ? undefined : Buffer.from(key, 'base64').toString();
}

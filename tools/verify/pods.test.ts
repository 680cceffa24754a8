import { expect, test } from 'vitest';
import { apiDoor, current, forwardedPort, keyOf, partOf, readPods, type Pod } from './pods.ts';

interface Shape {
  readonly name: string;
  readonly component?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly waiting?: string;
  readonly status?: object;
  readonly deletionTimestamp?: string;
}

/** A pod in the shape in which `kubectl get pods --output json` gives it. */
function pod({ name, component = 'api', phase = 'Running', ready = true, waiting, status = {}, deletionTimestamp }: Shape): object {
  const state =
    waiting === undefined ? { running: { startedAt: '2026-01-01T00:00:00Z' } } : { waiting: { reason: waiting, message: 'long' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'nines',
      labels: { 'app.kubernetes.io/component': component },
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    },
    spec: {
      containers: [
        {
          name: component,
          ports: [
            { name: 'probes', containerPort: 9464, protocol: 'TCP' },
            ...(component === 'api' ? [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] : []),
          ],
        },
      ],
    },
    status: {
      phase,
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: ready ? 'True' : 'False', ...(ready ? {} : { reason: 'ContainersNotReady' }) },
      ],
      containerStatuses: [{ name: component, ready, restartCount: ready ? 0 : 3, state }],
      ...status,
    },
  };
}

function pods(...shapes: Shape[]): readonly Pod[] {
  return readPods(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: shapes.map(pod) }));
}

test('partOf says whether a pod is Ready, and what holds it up', () => {
  const unschedulable = {
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }],
  };
  const ended = {
    containerStatuses: [{ name: 'api', ready: false, restartCount: 1, state: { terminated: { reason: 'Error', exitCode: 2 } } }],
  };
  const shapes: Shape[] = [
    { name: 'good' },
    { name: 'pulling', phase: 'Pending', ready: false, waiting: 'ImagePullBackOff' },
    { name: 'starting', ready: false },
    { name: 'homeless', phase: 'Pending', ready: false, status: { ...unschedulable, containerStatuses: undefined } },
    { name: 'wrong', ready: false, status: ended },
    { name: 'evicted', phase: 'Failed', ready: false, status: { reason: 'Evicted', conditions: undefined, containerStatuses: undefined } },
  ];
  expect(pods(...shapes).map(partOf)).toEqual([
    { name: 'good', ready: true },
    { name: 'pulling', ready: false, reason: 'api waits: ImagePullBackOff, 3 restarts' },
    { name: 'starting', ready: false, reason: 'api runs, but is not ready, 3 restarts' },
    { name: 'homeless', ready: false, reason: 'not scheduled: 0/3 nodes are available' },
    { name: 'wrong', ready: false, reason: 'api ended: Error (2), 1 restarts' },
    { name: 'evicted', ready: false, reason: 'Evicted' },
  ]);
});

test('current leaves out pods that go and jobs that are done', () => {
  const all = pods(
    { name: 'stays' },
    { name: 'goes', deletionTimestamp: '2026-01-01T00:00:00Z' },
    { name: 'done', phase: 'Succeeded', ready: false },
  );
  expect(current(all).map(({ metadata }) => metadata.name)).toEqual(['stays']);
});

test('apiDoor is the port http of an api pod, of a ready one if there is one', () => {
  const worker = { name: 'worker', component: 'worker' };
  expect(apiDoor(pods(worker, { name: 'not yet', ready: false }, { name: 'ready' }))).toEqual({ pod: 'ready', port: 8080 });
  expect(apiDoor(pods(worker, { name: 'not yet', ready: false }))).toEqual({ pod: 'not yet', port: 8080 });
  expect(apiDoor(pods(worker))).toBeUndefined();
});

test('forwardedPort is the local port that kubectl port-forward names', () => {
  expect(forwardedPort('Forwarding from 127.0.0.1:43211 -> 8080\n')).toBe(43_211);
  expect(forwardedPort('error: unable to forward port because pod is not running\n')).toBeUndefined();
});

test('keyOf reads the key of the Secret, and nothing where there is none', () => {
  expect(keyOf(JSON.stringify({ data: { API_KEY: Buffer.from('K').toString('base64') } }))).toBe('K');
  expect(keyOf('{"data": {"OTHER": "Sw=="}}')).toBeUndefined();
  expect(keyOf('{}')).toBeUndefined();
  expect(keyOf('\n')).toBeUndefined();
});

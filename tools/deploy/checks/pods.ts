import type { IProbe } from 'kubernetes-models/v1';
import { nameOf, ofKind, unless, type Check } from '../finding.ts';
import { podFindings } from '../pod-rules.ts';
import { containersOf, listensOn, workloadsOf } from '../workloads.ts';

/** Pod Security "restricted", what this project adds to it, and what Autopilot needs. */
export const podHardened: Check = (manifests) =>
  workloadsOf(manifests).flatMap(({ manifest, pod }) => podFindings(pod).map((message) => ({ object: nameOf(manifest), message })));

/** The same token would be mounted into every pod of the account. */
export const tokenUnused: Check = (manifests) =>
  manifests
    .filter(({ kind }) => kind === 'ServiceAccount')
    .flatMap((account) =>
      unless(
        (account as { automountServiceAccountToken?: boolean }).automountServiceAccountToken === false,
        account,
        'automountServiceAccountToken must be false',
      ),
    );

/** A tag that can move cannot be rolled back. `deploy/image` writes the commit into what is left open for it. */
export const imagePinned: Check = (manifests) =>
  workloadsOf(manifests).flatMap(({ manifest, pod }) =>
    containersOf(pod).flatMap(({ image = '' }) =>
      unless(
        /@sha256:[0-9a-f]{64}$|:[0-9a-f]{40}$|^nines-[a-z]+:run-deploy-image-first$/.test(image),
        manifest,
        `the image ${image} is neither of a commit nor by its digest`,
      ),
    ),
  );

export const environmentOnce: Check = (manifests) =>
  workloadsOf(manifests).flatMap(({ manifest, pod }) =>
    containersOf(pod).flatMap(({ env = [] }) => {
      const names = env.map(({ name }) => name);
      const twice = names.filter((name, at) => names.indexOf(name) !== at);
      return twice.flatMap((name) => unless(false, manifest, `the variable ${name} is set twice: the last one wins, silently`));
    }),
  );

/** A container that serves says when it is ready and when it hangs, on ports that it has; being busy or without Redis is no reason to be killed. */
export const probesFit: Check = (manifests) =>
  workloadsOf(manifests)
    .filter(({ serves }) => serves)
    .flatMap(({ manifest, pod }) =>
      pod.containers.flatMap((container) => {
        const { livenessProbe, readinessProbe, startupProbe } = container;
        const probes = [livenessProbe, readinessProbe, startupProbe].filter((probe) => probe !== undefined);
        const ports = probes.flatMap((probe) => portOf(probe) ?? []);
        const say = (good: boolean, message: string) => unless(good, manifest, `${container.name}: ${message}`);
        return [
          ...say(readinessProbe !== undefined, 'it has no readinessProbe'),
          ...say(livenessProbe !== undefined, 'it has no livenessProbe'),
          ...ports.flatMap((port) =>
            say(listensOn({ ...pod, containers: [container] }, port), `a probe asks port ${port}, which it has not`),
          ),
          ...say(!/ready/.test(livenessProbe?.httpGet?.path ?? ''), 'livenessProbe asks for readiness: what is not ready would be killed'),
          ...say(livenessProbe?.exec === undefined, 'livenessProbe starts a process each time: ask a port'),
        ];
      }),
    );

const portOf = ({ httpGet, tcpSocket, grpc }: IProbe) => httpGet?.port ?? tcpSocket?.port ?? grpc?.port;

/** What api and worker may take to finish what they have begun, in examples/gke-app; what is not done by then is killed. */
const SHUTDOWN_SECONDS: Readonly<Record<string, number>> = { api: 25, worker: 14 };

export const shutdownFits: Check = (manifests) =>
  workloadsOf(manifests).flatMap(({ manifest, pod }) =>
    pod.containers.flatMap(({ name, lifecycle }) => {
      const takes = SHUTDOWN_SECONDS[name];
      if (takes === undefined) return [];
      const grace = pod.terminationGracePeriodSeconds ?? 30;
      const waits = lifecycle?.preStop?.sleep?.seconds ?? 0;
      const message = `preStop takes ${waits} s and shutting down ${takes} s, which does not fit into terminationGracePeriodSeconds ${grace}`;
      return unless(waits + takes < grace, manifest, message);
    }),
  );

/** A route that a container's own settings close: it listens elsewhere than the manifest says. */
export const listensWhereSaid: Check = (manifests) => {
  const maps = new Map(manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata, data }) => [metadata.name, data ?? {}]));
  return workloadsOf(manifests).flatMap(({ manifest, pod }) =>
    pod.containers.flatMap((container) => {
      const shared = (container.envFrom ?? []).flatMap(({ configMapRef }) => Object.entries(maps.get(configMapRef?.name ?? '') ?? {}));
      const own = (container.env ?? []).map(({ name, value }): [string, string] => [name, value ?? '']);
      return [...shared, ...own]
        .filter(([name]) => name === 'PORT' || name === 'PROBES_PORT')
        .flatMap(([name, value]) =>
          unless(
            listensOn({ containers: [container] }, Number(value)),
            manifest,
            `${name} is ${value}, which is no port of ${container.name}`,
          ),
        );
    }),
  );
};

/** A queue must refuse what it cannot keep, never forget what it has taken. */
export const redisKeeps: Check = (manifests) =>
  manifests
    .filter(({ kind, data }) => kind === 'ConfigMap' && data?.['redis.conf'] !== undefined)
    .flatMap((map) => {
      const lines = (map.data?.['redis.conf'] ?? '').split('\n');
      const wanted = ['appendonly yes', 'appendfsync everysec', 'maxmemory-policy noeviction'];
      const limit = ofKind<unknown>(manifests, 'StatefulSet')
        .flatMap((each) => workloadsOf([each]))
        .flatMap(({ pod }) => pod.containers)
        .find(({ name }) => name === 'redis')?.resources?.limits?.['memory'];
      const maxmemory = Math.floor(Number.parseInt(`${limit}`, 10) * 0.7);
      return [...wanted, `maxmemory ${maxmemory}mb`].flatMap((line) => unless(lines.includes(line), map, `redis.conf must say "${line}"`));
    });

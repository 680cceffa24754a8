import { describe, expect, test, vi } from 'vitest';
import { CHECKS, checkManifests } from '../../tools/deploy/check.ts';
import { coreOnly, imagesReplaced } from '../../tools/deploy/checks/folders.ts';
import { nameOf } from '../../tools/deploy/finding.ts';
import { findHelm } from '../../tools/deploy/helm.ts';
import type { Manifest } from '../../tools/deploy/manifests.ts';
import { RENDERINGS, renderingOf } from '../../tools/deploy/renderings.ts';
import { checkSchemas } from '../../tools/deploy/schema.ts';

// Starts helm and a compiler: how long that takes says nothing.
vi.setConfig({ testTimeout: 120_000 });

const helm = findHelm();
const rendering = (wanted: string): Manifest[] => renderingOf(helm!, RENDERINGS.find(([name]) => name === wanted)![1]);

/** A sentence, the object that it is about, where in it, and what stands there instead; undefined takes it away. The path of a whole object is empty. */
type Mistake = readonly [mistake: string, object: string, path: string, value: unknown];

const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;
const NOBODY = { 'app.kubernetes.io/component': 'web' };
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/**
 * Mistakes as people make them, each planted in a copy of what the chart renders for Google Kubernetes Engine with all switches on. The check in
 * question must find it; an object that a cluster would take as it is passes no other gate before it does harm.
 */
const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  imagePinned: [
    ['a tag that moves', 'Deployment/nines-api', `${CONTAINER}.image`, 'ghcr.io/nines/nines-api:latest'],
    ['no tag at all', 'Deployment/nines-api', `${CONTAINER}.image`, 'ghcr.io/nines/nines-api'],
    ['a version in the place of the commit', 'Deployment/nines-worker', `${CONTAINER}.image`, 'ghcr.io/nines/nines-worker:v1.2'],
    ['a commit that was cut', 'Deployment/nines-worker', `${CONTAINER}.image`, `ghcr.io/nines/nines-worker:${COMMIT.slice(0, 12)}`],
    ['a version of Redis that may be pushed again', 'StatefulSet/nines-redis', `${CONTAINER}.image`, 'docker.io/library/redis:7.4.6'],
    ['whatever Redis is newest', 'StatefulSet/nines-redis', `${CONTAINER}.image`, 'docker.io/library/redis:7'],
  ],
  podHardened: [
    ['a pod of root', 'Deployment/nines-api', `${POD}.securityContext.runAsUser`, 0],
    ['a root file system that can be written', 'Deployment/nines-worker', `${CONTAINER}.securityContext.readOnlyRootFilesystem`, false],
    ['capabilities that stay', 'Deployment/nines-worker', `${CONTAINER}.securityContext.capabilities`, {}],
    ['no requests', 'Deployment/nines-api', `${CONTAINER}.resources`, undefined],
    ['a limit of CPU', 'Deployment/nines-api', `${CONTAINER}.resources.limits.cpu`, '1'],
    ['more memory than asked for', 'StatefulSet/nines-redis', `${CONTAINER}.resources.limits.memory`, '1Gi'],
    ['a port of the node', 'Deployment/nines-api', `${CONTAINER}.ports.0.hostPort`, 80],
    ['a token of the cluster', 'Deployment/nines-worker', `${POD}.automountServiceAccountToken`, true],
    ['longer than Spot gives', 'Deployment/nines-worker', `${POD}.terminationGracePeriodSeconds`, 60],
    ['no profile for system calls', 'StatefulSet/nines-redis', `${POD}.securityContext.seccompProfile`, undefined],
    ['the Docker socket', 'Deployment/nines-worker', `${POD}.volumes`, [{ name: 'docker', hostPath: { path: '/var/run/docker.sock' } }]],
    ['an init container that is root', 'Deployment/nines-api', `${POD}.initContainers`, [{ name: 'chown', image: `busybox:${COMMIT}` }]],
  ],
  tokenUnused: [['an account that hands out its token', 'ServiceAccount/nines-api', 'automountServiceAccountToken', undefined]],
  environmentOnce: [['a variable twice', 'Deployment/nines-api', `${CONTAINER}.env.1.name`, 'HOST']],
  probesFit: [
    ['a probe of a port that is not there', 'Deployment/nines-api', `${CONTAINER}.readinessProbe.httpGet.port`, 'metrics'],
    ['no readiness', 'Deployment/nines-worker', `${CONTAINER}.readinessProbe`, undefined],
    ['no liveness', 'Deployment/nines-worker', `${CONTAINER}.livenessProbe`, undefined],
    ['killed for not being ready', 'Deployment/nines-api', `${CONTAINER}.livenessProbe.httpGet.path`, '/readyz'],
    [
      'a process for each liveness probe',
      'StatefulSet/nines-redis',
      `${CONTAINER}.livenessProbe`,
      { exec: { command: ['redis-cli', 'ping'] } },
    ],
  ],
  shutdownFits: [
    ['a preStop that leaves no time to finish', 'Deployment/nines-api', `${CONTAINER}.lifecycle.preStop.sleep.seconds`, 30],
    ['less time than the work may take', 'Deployment/nines-worker', `${POD}.terminationGracePeriodSeconds`, 10],
  ],
  listensWhereSaid: [
    ['probes that listen elsewhere', 'ConfigMap/nines-settings', 'data.PROBES_PORT', '9090'],
    ['an api that listens elsewhere', 'Deployment/nines-api', `${CONTAINER}.ports.0.containerPort`, 3000],
  ],
  redisKeeps: [
    [
      'a cache in the place of a store',
      'ConfigMap/nines-redis',
      'data',
      { 'redis.conf': 'appendonly yes\nmaxmemory-policy allkeys-lru\n' },
    ],
    ['nothing on disk', 'ConfigMap/nines-redis', 'data', { 'redis.conf': 'save ""\nmaxmemory-policy noeviction\n' }],
    ['memory that Redis does not know is gone', 'StatefulSet/nines-redis', `${CONTAINER}.resources.limits.memory`, '128Mi'],
  ],
  rollbackWorks: [
    ['a broken pod that a rollback waits for', 'StatefulSet/nines-redis', 'spec.podManagementPolicy', undefined],
    ['a deadline that ends before Helm waits', 'Deployment/nines-api', 'spec.progressDeadlineSeconds', 60],
  ],
  extendedRuntimeUnused: [
    [
      'a pod that Autopilot makes larger',
      'StatefulSet/nines-redis',
      'spec.template.metadata.annotations',
      { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    ],
  ],
  secretUnwritten: [
    [
      'a Secret in the repository',
      'Secret/nines',
      '',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'nines', namespace: 'nines' } },
    ],
    ['a password in an address', 'ConfigMap/nines-settings', 'data.REDIS_URL', 'redis://api:hunter2@nines-redis:6379'],
    ['a key in the settings', 'ConfigMap/nines-settings', 'data.WEBHOOK_SECRET', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ],
  referencesLead: [
    ['settings that were renamed on one side', 'ConfigMap/nines-settings', 'metadata.name', 'nines-config'],
    [
      'a Secret that nobody makes',
      'Deployment/nines-api',
      `${CONTAINER}.env.2.valueFrom`,
      { secretKeyRef: { name: 'keys', key: 'API_KEYS' } },
    ],
    ['an account that is not there', 'Deployment/nines-worker', `${POD}.serviceAccountName`, 'default-worker'],
    ['a mount without its volume', 'StatefulSet/nines-redis', `${CONTAINER}.volumeMounts.0.name`, 'database'],
    ['a volume that nothing mounts', 'StatefulSet/nines-redis', `${CONTAINER}.volumeMounts.1`, undefined],
    ['names from a Service that is not there', 'StatefulSet/nines-redis', 'spec.serviceName', 'redis'],
  ],
  redisFound: [
    ['another port of Redis', 'ConfigMap/nines-settings', 'data.REDIS_URL', 'redis://nines-redis:6380'],
    ['another name of Redis', 'ConfigMap/nines-settings', 'data.REDIS_URL', 'redis://redis:6379'],
  ],
  selectorIsLabels: [
    ['pods that their Deployment does not know', 'Deployment/nines-api', 'spec.template.metadata.labels', NOBODY],
    [
      'a Deployment that takes the pods of all',
      'Deployment/nines-worker',
      'spec.selector.matchLabels',
      { 'app.kubernetes.io/name': 'nines', 'app.kubernetes.io/instance': 'nines' },
    ],
  ],
  serviceFindsPods: [
    ['a Service without pods', 'Service/nines-api', 'spec.selector', NOBODY],
    ['a Service that leads to everything', 'Service/nines-redis', 'spec.selector', { 'app.kubernetes.io/name': 'nines' }],
    ['a Service to a port that is not there', 'Service/nines-api', 'spec.ports.0.targetPort', 'web'],
  ],
  budgetLetsGo: [
    ['a budget that blocks every drain', 'PodDisruptionBudget/nines-api', 'spec.maxUnavailable', 0],
    [
      'a budget as large as the workload',
      'PodDisruptionBudget/nines-worker',
      'spec',
      { minAvailable: 2, selector: { matchLabels: { 'app.kubernetes.io/component': 'worker' } } },
    ],
    ['a budget for nobody', 'PodDisruptionBudget/nines-worker', 'spec.selector.matchLabels', NOBODY],
  ],
  scalerHasTarget: [
    ['an autoscaler of nothing', 'HorizontalPodAutoscaler/nines-api', 'spec.scaleTargetRef.name', 'api'],
    ['an autoscaler and fixed replicas', 'Deployment/nines-api', 'spec.replicas', 2],
    ['an autoscaler that cannot scale', 'HorizontalPodAutoscaler/nines-api', 'spec.maxReplicas', 2],
  ],
  monitoredPort: [
    ['metrics from a port that is not there', 'PodMonitoring/nines-api', 'spec.endpoints.0.port', 'metrics'],
    ['metrics of nobody', 'PodMonitoring/nines-worker', 'spec.selector.matchLabels', NOBODY],
  ],
  routeLeads: [
    ['a route to a Service that is not there', 'HTTPRoute/nines-api', 'spec.rules.0.backendRefs.0.name', 'api'],
    ["a route to the container's port", 'HTTPRoute/nines-api', 'spec.rules.0.backendRefs.0.port', 8080],
    ['a route of another Gateway', 'HTTPRoute/nines-api', 'spec.parentRefs.0.name', 'external'],
    ['a route of a listener that is not there', 'HTTPRoute/nines-redirect', 'spec.parentRefs.0.sectionName', 'plain'],
  ],
  policyFits: [
    ["a health check of the Service's port", 'HealthCheckPolicy/nines-api', 'spec.default.config.httpHealthCheck.port', 80],
    ['a health check that is always good', 'HealthCheckPolicy/nines-api', 'spec.default.config.httpHealthCheck.requestPath', '/livez'],
    ['old versions of TLS for everybody', 'GCPGatewayPolicy/nines-api', 'spec.targetRef.name', 'api'],
    ['a time limit for nobody', 'GCPBackendPolicy/nines-api', 'spec.targetRef.name', 'api'],
  ],
  alertDocumented: [
    [
      'an alert without a runbook',
      'Rules/nines-objectives',
      'spec.groups.0.rules.0',
      { alert: 'ApiDown', expr: 'up == 0', labels: { severity: 'page' } },
    ],
  ],
  networkCovers: [
    ['a workload that no policy is for', 'NetworkPolicy/nines-worker', '', undefined],
    ['a namespace that is open', 'NetworkPolicy/nines-default-deny', '', undefined],
    ['only what comes in is closed', 'NetworkPolicy/nines-default-deny', 'spec.policyTypes', ['Ingress']],
    ['a policy for pods with another label', 'NetworkPolicy/nines-redis', 'spec.podSelector.matchLabels', NOBODY],
    ['a port on which nobody listens', 'NetworkPolicy/nines-redis', 'spec.ingress.0.ports.0.port', 6380],
  ],
  networkNarrow: [
    ['a way out to everything', 'NetworkPolicy/nines-api', 'spec.egress.0', {}],
    ['every port of Redis', 'NetworkPolicy/nines-redis', 'spec.ingress.0.ports', undefined],
    ['Redis for every namespace', 'NetworkPolicy/nines-redis', 'spec.ingress.0.from.0', { namespaceSelector: {} }],
    ['Redis for the whole namespace', 'NetworkPolicy/nines-redis', 'spec.ingress.0.from.0', { podSelector: {} }],
    ['deliveries to the metadata server', 'NetworkPolicy/nines-worker', 'spec.egress.3.to.0.ipBlock.except', ['10.0.0.0/8']],
    [
      'names from anything in kube-system',
      'NetworkPolicy/nines-api',
      'spec.egress.0.to.0',
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } },
    ],
  ],
  inNamespace: [['an object of another namespace', 'Service/nines-api', 'metadata.namespace', 'default']],
  namesUnique: [['two objects of one name', 'ServiceAccount/nines-worker', 'metadata.name', 'nines-api']],
};

/** Mistakes that only the type of the object shows: a cluster drops such a field without a word, or refuses the object at the last moment. */
const MISSPELT: readonly Mistake[] = [
  ['a field at the wrong depth', 'Deployment/nines-api', `${CONTAINER}.terminationGracePeriodSeconds`, 60],
  ['a field that is misspelt', 'Deployment/nines-api', `${CONTAINER}.readinesProbe`, {}],
  ['a number as text', 'Service/nines-api', 'spec.ports.0.port', '80'],
  ['a word that is none', 'NetworkPolicy/nines-api', 'spec.policyTypes', ['ingress']],
  ['a rule that Google Managed Prometheus refuses', 'Rules/nines-objectives', 'spec.groups.0.limit', 10],
];

type Tree = Record<string, unknown>;

/** A copy of all objects with one change in it. */
function planted(manifests: readonly Manifest[], [, object, path, value]: Mistake): Manifest[] {
  if (path === '') {
    const others = manifests.filter((each) => nameOf(each) !== object);
    return value === undefined ? others : [...others, value as Manifest];
  }
  const copy = structuredClone(manifests) as Manifest[];
  const keys = path.split('.');
  const last = keys.pop()!;
  let tree = copy.find((each) => nameOf(each) === object) as unknown as Tree;
  for (const key of keys) tree = tree[key] as Tree;
  expect(tree[last], 'the change must change something').not.toEqual(value);
  if (Array.isArray(tree) && value === undefined) tree.splice(Number(last), 1);
  else if (value === undefined) delete tree[last];
  else tree[last] = value;
  return copy;
}

// Without helm and without Go nothing can be rendered: these are skipped and counted.
describe.skipIf(helm === undefined)('mistakes', () => {
  const sound = helm === undefined ? [] : rendering('gke, everything');
  const table = Object.entries(MISTAKES).flatMap(([check, mistakes]) => mistakes.map((mistake) => [mistake[0], check, mistake] as const));

  test('there are none before one is planted, and one is planted for every check', () => {
    expect(checkManifests(sound)).toEqual([]);
    expect(table.length).toBeGreaterThan(60);
    expect(Object.keys(MISTAKES).sort()).toEqual(Object.keys(CHECKS).sort());
  });

  test.each(table)('%s: found by %s', (_, check, mistake) => {
    const found = checkManifests(planted(sound, mistake));
    expect(found.map((finding) => finding.check)).toContain(check);
  });

  test('fields that no type knows are each found, by the object', () => {
    const wrong = MISSPELT.map((mistake) => planted(sound, mistake).find((each) => nameOf(each) === mistake[1])!);
    expect(checkSchemas(wrong).map(({ object }) => object)).toEqual(MISSPELT.map(([, object]) => object));
  });

  test('deploy/k8s/base with a custom resource, or with an image that deploy/image does not know', () => {
    const base = rendering('k8s/base');
    const monitoring = sound.find(({ kind }) => kind === 'PodMonitoring')!;
    expect(coreOnly([...base, monitoring])).toEqual([{ object: 'PodMonitoring/nines-api', message: expect.any(String) as string }]);
    const receiver = planted(base, ['', 'Deployment/nines-worker', `${CONTAINER}.image`, 'nines-receiver:run-deploy-image-first']);
    expect(imagesReplaced(receiver, ['nines-api', 'nines-worker'])).toEqual([
      { object: 'Deployment/nines-worker', message: 'deploy/image does not replace the image nines-receiver:run-deploy-image-first' },
    ]);
  });
});

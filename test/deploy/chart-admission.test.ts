import { describe, expect, test } from 'vitest';
import { refusals, type Request } from '../../tools/deploy/admission.ts';
import { nameOf, ofKind } from '../../tools/deploy/finding.ts';
import { findHelm } from '../../tools/deploy/helm.ts';
import type { Manifest } from '../../tools/deploy/manifests.ts';
import { RENDERINGS, renderingOf } from '../../tools/deploy/renderings.ts';
import { workloadsOf } from '../../tools/deploy/workloads.ts';

const helm = findHelm();
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const REGISTRY = 'asia-south1-docker.pkg.dev/my-project/sre-portfolio-repo';
const POD_TOKEN = "the pod would get a token for the cluster's API, which nothing here needs: set automountServiceAccountToken: false";

type Tree = Record<string, never>;

const admission = (): Manifest[] => renderingOf(helm!, RENDERINGS.find(([name]) => name === 'admission')![1]);
const asked = (manifest: unknown): Request => ({ object: manifest as Request['object'] });

/** The same pod by itself, without whatever makes it. */
const podOf = (workload: Manifest): Request['object'] => {
  const [{ pod, labels } = { pod: {}, labels: {} }] = workloadsOf([workload]);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', labels }, spec: structuredClone(pod) };
};

/** A sentence, what is changed in a pod of the chart, and the sentence that refuses it. */
const MISTAKES: readonly (readonly [mistake: string, change: (spec: Tree, container: Tree) => unknown, says: string])[] = [
  [
    'a tag that moves',
    (_, container) => Object.assign(container, { image: `${REGISTRY}/nines-api:latest` }),
    `the image ${REGISTRY}/nines-api:latest may change under its name: end it in @sha256: and its digest, or in : and the 40 digits of its commit`,
  ],
  [
    'a version that somebody may push again',
    (_, container) => Object.assign(container, { image: `${REGISTRY}/nines-api:v1.4.2` }),
    `the image ${REGISTRY}/nines-api:v1.4.2 may change under its name`,
  ],
  [
    'a digest that was cut',
    (_, container) => Object.assign(container, { image: `${REGISTRY}/nines-api@sha256:0123456789ab` }),
    'nines-api@sha256:0123456789ab may change under its name',
  ],
  [
    'an image of somebody else',
    (_, container) => Object.assign(container, { image: `ghcr.io/somebody/nines-api:${COMMIT}` }),
    `the image ghcr.io/somebody/nines-api:${COMMIT} is from elsewhere: push it to the registry of this installation, or name its repository in admission.repositories`,
  ],
  [
    'a registry that begins as ours does',
    (_, container) => Object.assign(container, { image: `${REGISTRY}-of-mine/nines-api:${COMMIT}` }),
    'is from elsewhere',
  ],
  [
    'a foreign init container',
    (spec, container) => Object.assign(spec, { initContainers: [{ ...(container as object), image: `busybox:${COMMIT}` }] }),
    `the image busybox:${COMMIT} is from elsewhere`,
  ],
  [
    'a foreign image as a volume',
    (spec) => Object.assign(spec, { volumes: [{ name: 'x', image: { reference: `busybox:${COMMIT}` } }] }),
    `the image busybox:${COMMIT} is from elsewhere`,
  ],
  ['a token', (spec) => Object.assign(spec, { automountServiceAccountToken: true }), POD_TOKEN],
  ['a token by default', (spec) => delete spec['automountServiceAccountToken'], POD_TOKEN],
  [
    'a root file system that can be written',
    (_, container) => delete container['securityContext'],
    'the container api could write to its root file system: set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir where it must write',
  ],
  [
    'no request of CPU',
    (_, container) => Object.assign(container, { resources: { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } } }),
    'the container api does not say what it needs: set resources.requests.cpu and resources.requests.memory',
  ],
  [
    'more memory than asked for',
    (_, container) => Object.assign(container, { resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } } }),
    'the container api may use more memory than it asked for: set resources.limits.memory to the text of resources.requests.memory',
  ],
  [
    'no limit of memory',
    (_, container) => Object.assign(container, { resources: { requests: { cpu: '50m', memory: '64Mi' } } }),
    'the container api may use more memory than it asked for',
  ],
  [
    'a limit of CPU',
    (_, container) =>
      Object.assign(container, { resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '50m', memory: '64Mi' } } }),
    'the container api would be slowed down while the node is idle: remove resources.limits.cpu',
  ],
];

// Without helm and without Go nothing can be rendered: these are skipped and counted.
describe.skipIf(helm === undefined)('admission', () => {
  const manifests = helm === undefined ? [] : admission();
  const api = manifests.find((each) => nameOf(each) === 'Deployment/nines-api');

  const renderings = RENDERINGS.filter(([name]) => !name.startsWith('k8s/'));
  test.each(renderings)('%s: every workload is let in, and its pods', (_, options) => {
    const rendered = renderingOf(helm!, { ...options, set: [...(options.set ?? []), 'admission.enabled=true'] });
    const workloads = workloadsOf(rendered).map(({ manifest }) => manifest);
    expect(workloads.length).toBeGreaterThan(1);
    for (const workload of workloads) {
      expect(refusals(rendered, asked(workload)), nameOf(workload)).toEqual([]);
      expect(refusals(rendered, asked(podOf(workload))), `a pod of ${nameOf(workload)}`).toEqual([]);
    }
  });

  test.each(MISTAKES)('%s is refused, by one sentence, wherever the pod is written', (_, change, says) => {
    const pod = podOf(api!);
    const { containers } = pod['spec'] as { containers: Tree[] };
    change(pod['spec'] as Tree, containers[0]!);
    const template = { metadata: {}, spec: pod['spec'] };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: {}, spec: { template } };
    const forms = [
      pod,
      { ...(api as object), spec: { template } },
      job,
      { ...job, kind: 'CronJob', spec: { jobTemplate: { spec: job.spec } } },
    ];
    for (const form of forms) expect(refusals(manifests, asked(form))).toEqual([expect.stringContaining(says)]);
  });

  test('a pod that says nothing is refused by sentences, not by an error', () => {
    const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: [{ name: 'x', image: 'nginx' }] } };
    expect(refusals(manifests, asked(bare))).toHaveLength(6);
  });

  test('an image for debugging must be of the registry too; nothing else is asked of it', () => {
    const debugged = (image: string): Request => {
      const pod = podOf(api!);
      Object.assign(pod['spec'] as Tree, { ephemeralContainers: [{ name: 'debug', image }] });
      return { object: pod, resource: 'pods/ephemeralcontainers', operation: 'UPDATE' };
    };
    expect(refusals(manifests, debugged('busybox'))).toHaveLength(2);
    expect(refusals(manifests, debugged(`${REGISTRY}/debug:${COMMIT}`))).toEqual([]);
  });

  test('what Autopilot has added is let in; what is being deleted, and other namespaces, are left alone', () => {
    const limited = podOf(api!);
    const { containers } = limited['spec'] as { containers: Tree[] };
    Object.assign(containers[0]!, { resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '50m', memory: '64Mi' } } });
    const annotated = { ...limited, metadata: { annotations: { 'autopilot.gke.io/resource-adjustment': '{}' } } };
    const owned = { ...limited, metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x', uid: 'x' }] } };
    const deleted = { ...limited, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(refusals(manifests, asked(limited))).toHaveLength(1);
    expect(refusals(manifests, asked(annotated))).toEqual([]);
    expect(refusals(manifests, asked(owned))).toEqual([]);
    expect(refusals(manifests, asked(deleted))).toEqual([]);
    expect(refusals(manifests, { ...asked(limited), namespace: 'default' })).toEqual([]);
  });

  test('the namespace keeps its label, whoever may change labels', () => {
    const namespace = (labels?: object): Request => ({
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nines', ...(labels && { labels }) } },
      operation: 'UPDATE',
    });
    const enforce = 'pod-security.kubernetes.io/enforce';
    expect(refusals(manifests, namespace({ [enforce]: 'restricted', 'kubernetes.io/metadata.name': 'nines' }))).toEqual([]);
    for (const labels of [{ [enforce]: 'privileged' }, { [enforce]: 'baseline' }, { [`${enforce}-version`]: 'latest' }, undefined])
      expect(refusals(manifests, namespace(labels))).toEqual([expect.stringContaining(`leave its label ${enforce}=restricted`)]);
    expect(refusals(manifests, { ...namespace(), namespace: 'default' })).toEqual([]);
  });

  test.each([
    [
      'the digest of Redis',
      ['redis.image.digest='],
      '--set redis.image.digest=$(docker buildx imagetools inspect docker.io/library/redis:',
    ],
    ['a registry', ['image.kustomize=true'], 'deploy/scripts/admission'],
    ['a repository', ['admission.repositories=nginx'], /admission[./]repositories/],
  ])('without %s the chart refuses to render them', (_, set, says) => {
    const rendered = helm!.template({ set: [`image.tag=${COMMIT}`, 'admission.enabled=true', ...set] });
    expect(rendered.ok ? '' : rendered.message).toMatch(says);
  });

  test('the expressions use only what Kubernetes 1.30 has', () => {
    const policies = ofKind<object>(manifests, 'ValidatingAdmissionPolicy').map(({ spec }) => JSON.stringify(spec));
    const used = policies.flatMap((text) => [...text.matchAll(/(\w+)\(/g)].map(([, name]) => name!));
    expect([...new Set(used)].sort()).toEqual(['dyn', 'exists', 'filter', 'has', 'map', 'matches', 'size', 'startsWith']);
  });
});
